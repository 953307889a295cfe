# EBS CSI driver. Follows the operations of the project's cluster-scoped policy at driver v1.64.0
# (github.com/kubernetes-sigs/aws-ebs-csi-driver, docs/AmazonEBSCSIDriverEKSClusterScopedPolicy.json), bound to the
# tag kubernetes.io/cluster/<id>=owned, which the driver sets on volumes and snapshots when it is started with
# --k8s-tag-cluster-id=<cluster id>, and which Terraform sets on the instances. Left out: fast snapshot restore and
# snapshot lock (they cost money or cannot be undone), and changing tags afterwards. Volumes use the account's own EBS
# key, which needs no KMS permission. Catalogue B15.

locals {
  owned_on_birth = "aws:RequestTag/kubernetes.io/cluster/${var.cluster_id}"
  owned_already  = "aws:ResourceTag/kubernetes.io/cluster/${var.cluster_id}"

  volumes   = ["arn:${local.partition}:ec2:${local.here}:volume/*"]
  instances = ["arn:${local.partition}:ec2:${local.here}:instance/*"]
  # Snapshots have no account in their ARN.
  snapshots = ["arn:${local.partition}:ec2:${var.region}::snapshot/*"]

  volume_rights = {
    CreateOwnVolumes       = { actions = ["CreateVolume", "CopyVolumes"], resources = local.volumes, key = local.owned_on_birth }
    CreateFromOwnSnapshots = { actions = ["CreateVolume"], resources = local.snapshots, key = local.owned_already }
    ManageOwnVolumes       = { actions = ["AttachVolume", "CopyVolumes", "DeleteVolume", "DetachVolume", "ModifyVolume"], resources = local.volumes, key = local.owned_already }
    AttachToOwnInstances   = { actions = ["AttachVolume", "DetachVolume"], resources = local.instances, key = local.owned_already }
    SnapshotOwnVolumes     = { actions = ["CreateSnapshot"], resources = local.volumes, key = local.owned_already }
    CreateOwnSnapshots     = { actions = ["CreateSnapshot"], resources = local.snapshots, key = local.owned_on_birth }
    DeleteOwnSnapshots     = { actions = ["DeleteSnapshot"], resources = local.snapshots, key = local.owned_already }
  }
}

data "aws_iam_policy_document" "ebs_csi_driver" {
  statement {
    sid       = "Look"
    resources = ["*"]

    actions = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstances",
      "ec2:DescribeSnapshots",
      "ec2:DescribeTags",
      "ec2:DescribeVolumeStatus",
      "ec2:DescribeVolumes",
      "ec2:DescribeVolumesModifications",
    ]
  }

  dynamic "statement" {
    for_each = local.volume_rights

    content {
      sid       = statement.key
      actions   = [for action in statement.value.actions : "ec2:${action}"]
      resources = statement.value.resources

      condition {
        test     = "StringEquals"
        variable = statement.value.key
        values   = ["owned"]
      }
    }
  }

  statement {
    sid       = "TagAtBirth"
    actions   = ["ec2:CreateTags"]
    resources = concat(local.volumes, local.snapshots)

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateVolume", "CreateSnapshot", "CopyVolumes"]
    }
  }
}
