# What pods and nodes may do in AWS. A cluster on plain instances has no identity per service account, so all nodes
# share one role and every pod can use it: that is why each statement is bound to this cluster's own tag. The policies
# are inline, so that they cannot outlive the role (catalogue B10: leftover managed policies blocked the next build).

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  here      = "${var.region}:${data.aws_caller_identity.current.account_id}"

  policies = merge(
    {
      load-balancer-controller = data.aws_iam_policy_document.load_balancer_controller.minified_json
      ebs-csi-driver           = data.aws_iam_policy_document.ebs_csi_driver.minified_json
    },
    { for purpose, document in data.aws_iam_policy_document.backups : purpose => document.minified_json },
  )
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "node" {
  name               = "${var.cluster_id}-node"
  description        = "Nodes of ${var.cluster_id}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = { Name = "${var.cluster_id}-node" }
}

resource "aws_iam_role_policy" "node" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.node.id
  policy = each.value

  lifecycle {
    precondition {
      condition     = sum([for document in local.policies : length(document)]) <= 10240
      error_message = "The node role's inline policies are longer than the 10240 characters that IAM allows; shorten the name in cluster_id."
    }
  }
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.node.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "node" {
  name = "${var.cluster_id}-node"
  role = aws_iam_role.node.name
  tags = { Name = "${var.cluster_id}-node" }
}

data "aws_iam_policy_document" "backups" {
  for_each = var.data_bucket == null ? {} : { backups = "arn:${local.partition}:s3:::${var.data_bucket}" }

  statement {
    sid       = "FindBackups"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [each.value]
  }

  # No s3:DeleteObject: old snapshots leave by the bucket's retention rules, and a stolen node cannot destroy backups.
  statement {
    sid       = "WriteAndReadBackups"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${each.value}/*"]
  }
}
