# Addresses outlive machines, so that DNS, firewalls of others and the API server's certificate stay right through a
# rebuild. They are associated by the step `addresses`, not here: an association would tie this root to the other.

resource "aws_eip" "node" {
  for_each = var.elastic_ips

  domain = "vpc"
  tags   = { Name = "${var.cluster_id}-${each.key}" }
}
