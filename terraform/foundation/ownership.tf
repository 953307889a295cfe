locals {
  # Tags at birth: teardown and status recognise the cluster's resources by these three and by nothing looser.
  ownership = {
    "platform/cluster"                        = var.cluster_id
    "platform/environment"                    = var.environment
    "kubernetes.io/cluster/${var.cluster_id}" = "owned"
  }
}
