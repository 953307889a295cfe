output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Zone name to the id of its public subnet."
  value       = { for subnet in aws_subnet.public : subnet.availability_zone => subnet.id }
}

output "security_group_id" {
  description = "Id of the nodes' security group."
  value       = aws_security_group.node.id
}

output "key_name" {
  description = "Name of the key pair."
  value       = aws_key_pair.this.key_name
}

output "key_pair_id" {
  description = "Id of the key pair: unlike the name, a later namesake cannot have it."
  value       = aws_key_pair.this.key_pair_id
}

output "instance_profile" {
  description = "Name of the nodes' instance profile."
  value       = aws_iam_instance_profile.node.name
}

output "role_id" {
  description = "Unique id of the nodes' role: unlike the name, a later namesake cannot have it."
  value       = aws_iam_role.node.unique_id
}

output "nodes" {
  description = "Node name to its machine. public_ip is null for a node with an Elastic IP: its address is the foundation's."
  value = {
    for name, instance in aws_instance.node : name => {
      id         = instance.id
      private_ip = instance.private_ip
      # AWS shows the Elastic IP here once it is associated; the second plan would see that as a changed output.
      public_ip         = var.nodes[name].eip ? null : instance.public_ip
      availability_zone = instance.availability_zone
      type              = instance.instance_type
      role              = var.nodes[name].role
    }
  }
}
