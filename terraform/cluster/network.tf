data "aws_availability_zones" "this" {
  # Without the zones that an account must opt in to (Local and Wavelength Zones). No filter on the state: a zone in
  # trouble today must not move the others.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_ec2_instance_type_offerings" "this" {
  for_each = local.instance_types

  location_type = "availability-zone"

  filter {
    name   = "instance-type"
    values = [each.key]
  }
}

locals {
  instance_types = toset([for node in var.nodes : node.type])

  # Not every zone sells every type (us-east-1e is the known trap): zones that have all of them come first.
  every_zone   = sort(data.aws_availability_zones.this.names)
  full_zones   = [for zone in local.every_zone : zone if alltrue([for offer in data.aws_ec2_instance_type_offerings.this : contains(offer.locations, zone)])]
  sorted_zones = distinct(concat(local.full_zones, local.every_zone))
  zone_count   = min(3, length(local.sorted_zones))

  # The index is the key. The zone behind an index is chosen once (ignore_changes below), so that neither a new zone
  # in the region nor a new instance type can ask for subnets to be replaced.
  zones = { for index in range(local.zone_count) : tostring(index) => local.sorted_zones[index] }
}

# Names resolve (enable_dns_support is on by default). enable_dns_hostnames would only give machines names in AWS's
# domain, which nothing here uses, and the provider waits 10 s for it in front of everything else. Who needs it (EFS,
# private interface endpoints) may turn it on in AWS: it is left alone.
resource "aws_vpc" "this" {
  cidr_block = var.vpc_cidr
  tags       = { Name = var.cluster_id }

  lifecycle {
    ignore_changes = [enable_dns_hostnames]
  }
}

# Public subnets, but without map_public_ip_on_launch: the provider pauses 10 s for that attribute, in front of the
# machines, which ask for a public address themselves.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.value
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, tonumber(each.key))

  tags = {
    Name                     = "${var.cluster_id}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }

  lifecycle {
    ignore_changes = [availability_zone]

    precondition {
      condition     = local.zone_count >= 2
      error_message = "The region ${var.region} shows fewer than two zones to this account; an application load balancer needs two."
    }
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.cluster_id }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.cluster_id}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}
