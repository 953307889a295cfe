output "bucket" {
  description = "Name of the data bucket; null without one."
  value       = one([for bucket in aws_s3_bucket.this : bucket.id])
}

output "elastic_ips" {
  description = "Node name to its Elastic IP."
  value = {
    for name, address in aws_eip.node : name => {
      allocation_id = address.allocation_id
      public_ip     = address.public_ip
    }
  }
}

output "certificate_arn" {
  description = "ARN of the certificate, issued or not yet; null without a domain."
  value       = one([for certificate in aws_acm_certificate.this : certificate.arn])
}

output "zone_id" {
  description = "Id of the public hosted zone; null without a domain."
  value       = one([for zone in data.aws_route53_zone.this : zone.zone_id])
}
