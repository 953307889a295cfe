# One group for all nodes (catalogue B1-B5): two groups need rules about each other, and each missing one showed up
# as a different flaky symptom. NodePorts are open to the nodes only; the ALB controller adds its load balancers'
# groups, and takes them away again.

locals {
  entrances = {
    for pair in setproduct(keys(local.entrance_ports), var.allow) :
    "${pair[0]} ${pair[1]}" => { port = local.entrance_ports[pair[0]], range = pair[1], purpose = pair[0] }
  }

  entrance_ports = { ssh = 22, kubernetes-api = var.api_port }
}

resource "aws_security_group" "node" {
  name        = "${var.cluster_id}-node"
  description = "Nodes of ${var.cluster_id}"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.cluster_id}-node" }

}

resource "aws_vpc_security_group_ingress_rule" "self" {
  security_group_id            = aws_security_group.node.id
  referenced_security_group_id = aws_security_group.node.id
  ip_protocol                  = "-1"
  tags                         = { Name = "${var.cluster_id}-node-to-node" }
}

resource "aws_vpc_security_group_ingress_rule" "entrance" {
  for_each = local.entrances

  security_group_id = aws_security_group.node.id
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.range
  description       = each.value.purpose
  # The key as a tag: an apply that was cut leaves rules that must be found again.
  tags = { Name = "${var.cluster_id}-${each.value.purpose}", "platform/entrance" = each.key }
}

resource "aws_vpc_security_group_egress_rule" "internet" {
  security_group_id = aws_security_group.node.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  description       = "to anywhere"
  tags              = { Name = "${var.cluster_id}-to-anywhere" }
}
