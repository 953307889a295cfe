# The certificate and the DNS record that validates it. There is no aws_acm_certificate_validation on purpose: it
# blocks the apply until ACM says ISSUED (minutes), although only the Ingress needs that. The step `certificate`
# waits beside the machines' work instead. The hosted zone is found, never made: it usually holds others' records.

locals {
  # One element or none: everything below follows.
  domains = var.domain == null ? {} : { (var.domain) = coalesce(var.hosted_zone, var.domain) }
}

data "aws_route53_zone" "this" {
  for_each = local.domains

  name         = each.value
  private_zone = false
}

resource "aws_acm_certificate" "this" {
  for_each = local.domains

  domain_name               = each.key
  subject_alternative_names = ["*.${each.key}"]
  validation_method         = "DNS"
  tags                      = { Name = var.cluster_id }

  lifecycle {
    # A listener holds the old certificate until it is given the new one.
    create_before_destroy = true
  }
}

locals {
  # ACM asks for the same record for the domain and for its wildcard: keep the domain's.
  validations = {
    for domain, certificate in aws_acm_certificate.this : domain => one([
      for option in certificate.domain_validation_options : option if option.domain_name == domain
    ])
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.domains

  zone_id = data.aws_route53_zone.this[each.key].zone_id
  name    = local.validations[each.key].resource_record_name
  type    = local.validations[each.key].resource_record_type
  records = [local.validations[each.key].resource_record_value]
  ttl     = 60

  # The record depends on account and domain only: an earlier life, or another environment, may have left the same one.
  allow_overwrite = true
}
