data "aws_ami" "node" {
  most_recent = true
  owners      = [var.image.owner]

  filter {
    name   = "name"
    values = [var.image.name]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

data "aws_ec2_instance_type" "this" {
  for_each = local.instance_types

  instance_type = each.key
}

locals {
  # Where a node lands depends on its own entry only, so that adding or removing one node moves no other: its
  # zone_index, or the number its name ends in (worker-1, worker-2, ... go round), or the first zone.
  zone_of = {
    for name, node in var.nodes : name => tostring(
      (node.zone_index != null ? node.zone_index : try(tonumber(regex("[0-9]+$", name)), 0)) % local.zone_count
    )
  }
}

resource "aws_key_pair" "this" {
  key_name   = "${var.cluster_id}-key"
  public_key = var.ssh_public_key
  tags       = { Name = "${var.cluster_id}-key" }
}

resource "aws_instance" "node" {
  for_each = var.nodes

  ami                         = data.aws_ami.node.id
  instance_type               = each.value.type
  subnet_id                   = aws_subnet.public[local.zone_of[each.key]].id
  vpc_security_group_ids      = [aws_security_group.node.id]
  key_name                    = aws_key_pair.this.key_name
  iam_instance_profile        = aws_iam_instance_profile.node.name
  associate_public_ip_address = true

  # Nothing but the name: packages are Ansible's work, and two writers would race for the dpkg lock.
  user_data = join("\n", ["#cloud-config", yamlencode({
    hostname          = each.key
    preserve_hostname = false
    manage_etc_hosts  = "localhost"
  })])

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # Pods of the EBS CSI driver and the ALB controller are one hop further away than the node.
    http_put_response_hop_limit = 2
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = each.value.disk
    encrypted             = true
    delete_on_termination = true
    # Here and not as volume_tags, which would also claim the volumes that the CSI driver attaches.
    tags = merge(local.ownership, { Name = "${var.cluster_id}-${each.key}" })
  }

  tags = {
    Name                 = "${var.cluster_id}-${each.key}"
    "platform/node"      = each.key
    "platform/node-role" = each.value.role
  }

  lifecycle {
    # A machine keeps the image, the name and the zone it was born with: a newer image must not replace the whole
    # fleet, and only `node replace` (-replace, which takes today's values) ends a machine. Stopping it, or giving it
    # an Elastic IP, changes what AWS says about its address; that must not replace it either.
    ignore_changes = [ami, user_data, user_data_base64, subnet_id, associate_public_ip_address]

    precondition {
      condition     = contains(data.aws_ec2_instance_type.this[each.value.type].supported_architectures, data.aws_ami.node.architecture)
      error_message = "${each.key}: ${each.value.type} cannot run ${data.aws_ami.node.name}, which is built for ${data.aws_ami.node.architecture}."
    }

    precondition {
      condition     = contains(data.aws_ec2_instance_type_offerings.this[each.value.type].locations, aws_subnet.public[local.zone_of[each.key]].availability_zone)
      error_message = "${each.key}: ${each.value.type} is not offered in its zone; set zone_index to another one."
    }
  }

  # Not needed to start, but to stop: the gateway cannot be detached while an instance has a public address.
  depends_on = [aws_internet_gateway.this]
}
