# The data bucket. There is no aws_s3_bucket_lifecycle_configuration on purpose: after writing it the provider polls
# for 25-55 s until S3 repeats the answer often enough, and `addresses` would wait for that. The step
# `bucket-retention` writes the same rules with one API call. Terraform does not look at rules it does not manage,
# so there is no drift. force_destroy stays off: data is deleted only by a teardown that was asked to.

data "aws_caller_identity" "current" {
  for_each = local.buckets
}

locals {
  buckets = var.data_bucket ? toset(["data"]) : toset([])
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket = "${var.cluster_id}-${each.key}-${data.aws_caller_identity.current[each.key].account_id}"
  tags   = { Name = "${var.cluster_id}-${each.key}" }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    # Keys of S3 itself: a KMS key would need grants for every node and for whoever restores elsewhere.
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "tls_only" {
  for_each = aws_s3_bucket.this

  statement {
    sid       = "RefuseWithoutTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  policy = data.aws_iam_policy_document.tls_only[each.key].json

  # S3 answers OperationAborted when the policy and the public access block change at the same moment.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
