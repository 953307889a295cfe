terraform {
  # 1.11 is the first release in which the S3 backend's own lock file (use_lockfile) is generally available.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Bucket, key, region and use_lockfile arrive by -backend-config: the state bucket exists before Terraform starts.
  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.ownership
  }
}
