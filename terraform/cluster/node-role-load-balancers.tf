# AWS Load Balancer Controller. Follows the operations of the project's policy at v3.5.0
# (github.com/kubernetes-sigs/aws-load-balancer-controller, docs/install/iam_policy.json), which only asks that some
# elbv2.k8s.aws/cluster tag exists; here its value must be this cluster's id, so the controller must run with
# clusterName = <cluster id> and with listener tagging on (its default). Left out: Cognito, WAF, WAF Regional, Shield,
# Outposts and IPAM, so the chart's values must switch enableShield, enableWaf and enableWafv2 off.
# Catalogue B16: a controller newer than its policy fails in the middle; change the pin and this file together.

locals {
  # The controller's own tag, on all that it makes, and ours, on what Terraform made.
  balanced_on_birth = "aws:RequestTag/elbv2.k8s.aws/cluster"
  balanced_already  = "aws:ResourceTag/elbv2.k8s.aws/cluster"

  security_groups = ["arn:${local.partition}:ec2:${local.here}:security-group/*"]
  # Not split into load balancers, listeners, rules and target groups: each action fits one kind only, the tag is what
  # limits it, and the ARNs of all kinds alone would fill a third of what a role's inline policies may hold.
  balancing = ["arn:${local.partition}:elasticloadbalancing:${local.here}:*"]
}

data "aws_iam_policy_document" "load_balancer_controller" {
  statement {
    sid       = "Look"
    resources = ["*"]

    actions = [
      "acm:DescribeCertificate",
      "acm:ListCertificates",
      "ec2:DescribeAccountAttributes",
      "ec2:DescribeAddresses",
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVpcPeeringConnections",
      "ec2:DescribeVpcs",
      "ec2:GetSecurityGroupsForVpc",
      "elasticloadbalancing:DescribeCapacityReservation",
      "elasticloadbalancing:DescribeListenerAttributes",
      "elasticloadbalancing:DescribeListenerCertificates",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeSSLPolicies",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
      "elasticloadbalancing:DescribeTrustStores",
    ]
  }

  # The first load balancer of an account makes the service's own role.
  statement {
    sid       = "FirstLoadBalancerOfTheAccount"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${local.partition}:iam::${data.aws_caller_identity.current.account_id}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["elasticloadbalancing.amazonaws.com"]
    }
  }

  statement {
    sid       = "CreateOwn"
    actions   = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
    resources = local.balancing

    condition {
      test     = "StringEquals"
      variable = local.balanced_on_birth
      values   = [var.cluster_id]
    }
  }

  # Tags in a create call are checked as AddTags. The old scripts' condition refused exactly that (catalogue B16).
  statement {
    sid       = "TagAtBirth"
    actions   = ["elasticloadbalancing:AddTags"]
    resources = local.balancing

    condition {
      test     = "StringEquals"
      variable = "elasticloadbalancing:CreateAction"
      values   = ["CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"]
    }

    condition {
      test     = "StringEquals"
      variable = local.balanced_on_birth
      values   = [var.cluster_id]
    }
  }

  # Afterwards every tag may change but the one that all of this hangs on.
  dynamic "statement" {
    for_each = {
      RetagOwn               = { actions = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"], resources = local.balancing }
      RetagOwnSecurityGroups = { actions = ["ec2:CreateTags", "ec2:DeleteTags"], resources = local.security_groups }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      condition {
        test     = "StringEquals"
        variable = local.balanced_already
        values   = [var.cluster_id]
      }

      condition {
        test     = "ForAllValues:StringNotEquals"
        variable = "aws:TagKeys"
        values   = ["elbv2.k8s.aws/cluster", "platform/cluster", "kubernetes.io/cluster/${var.cluster_id}"]
      }
    }
  }

  statement {
    sid       = "ManageOwn"
    resources = local.balancing

    actions = [
      "elasticloadbalancing:AddListenerCertificates",
      "elasticloadbalancing:CreateListener",
      "elasticloadbalancing:CreateRule",
      "elasticloadbalancing:DeleteListener",
      "elasticloadbalancing:DeleteLoadBalancer",
      "elasticloadbalancing:DeleteRule",
      "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:DeregisterTargets",
      "elasticloadbalancing:ModifyCapacityReservation",
      "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyRule",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RegisterTargets",
      "elasticloadbalancing:RemoveListenerCertificates",
      "elasticloadbalancing:SetIpAddressType",
      "elasticloadbalancing:SetRulePriorities",
      "elasticloadbalancing:SetSecurityGroups",
      "elasticloadbalancing:SetSubnets",
    ]

    condition {
      test     = "StringEquals"
      variable = local.balanced_already
      values   = [var.cluster_id]
    }
  }

  statement {
    sid       = "CreateOwnSecurityGroups"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = local.security_groups

    condition {
      test     = "StringEquals"
      variable = local.balanced_on_birth
      values   = [var.cluster_id]
    }
  }

  statement {
    sid       = "CreateSecurityGroupsInOwnNetwork"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = ["arn:${local.partition}:ec2:${local.here}:vpc/*"]

    condition {
      test     = "StringEquals"
      variable = local.owned_already
      values   = ["owned"]
    }
  }

  statement {
    sid       = "TagSecurityGroupsAtBirth"
    actions   = ["ec2:CreateTags"]
    resources = local.security_groups

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSecurityGroup"]
    }

    condition {
      test     = "StringEquals"
      variable = local.balanced_on_birth
      values   = [var.cluster_id]
    }
  }

  statement {
    sid       = "ManageOwnSecurityGroups"
    actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"]
    resources = local.security_groups

    condition {
      test     = "StringEquals"
      variable = local.balanced_already
      values   = [var.cluster_id]
    }
  }

  # Load balancers are let in to the nodes' NodePorts: rules of the node group, but never the group itself.
  statement {
    sid       = "LetLoadBalancersIn"
    actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    resources = local.security_groups

    condition {
      test     = "StringEquals"
      variable = local.owned_already
      values   = ["owned"]
    }
  }
}
