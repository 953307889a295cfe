variable "cluster_id" {
  description = "The cluster id, NAME-ENV-xxxxx. It begins every name in AWS and is the value of the ownership tag."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+-[a-z0-9]{5}$", var.cluster_id))
    error_message = "cluster_id must look like name-env-x1y2z: lower-case letters, digits and single hyphens, ending in five random characters."
  }

  # The tightest user is the bucket name: 63 characters, of which "-data-" and the account number take 18.
  validation {
    condition     = length(var.cluster_id) <= 45
    error_message = "cluster_id must not be longer than 45 characters, because the bucket name that starts with it may have 63."
  }
}

variable "environment" {
  description = "Name of the environment: the value of the tag platform/environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.environment))
    error_message = "environment must start with a letter and hold only lower-case letters, digits and hyphens."
  }

  validation {
    condition     = strcontains(var.cluster_id, "-${var.environment}-")
    error_message = "environment must be the one in cluster_id (NAME-ENV-xxxxx): these two belong to different environments."
  }
}

variable "region" {
  description = "AWS region, for example ap-northeast-2."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be a region name such as ap-northeast-2, not a zone and not a display name."
  }
}

variable "domain" {
  description = "Domain of the platform; the certificate covers it and one level below it. null: no certificate, no DNS."
  type        = string
  default     = null

  validation {
    condition = var.domain == null ? true : (
      can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain)) && length(var.domain) <= 253
    )
    error_message = "domain must be a lower-case DNS name without a trailing dot, for example example.dev."
  }
}

variable "hosted_zone" {
  description = "Name of the public hosted zone that holds the domain's records. null: the zone is named like the domain."
  type        = string
  default     = null

  validation {
    condition     = var.hosted_zone == null || var.domain == null ? true : endswith(".${var.domain}", ".${var.hosted_zone}")
    error_message = "hosted_zone must be the domain itself or one of its parents."
  }
}

variable "elastic_ips" {
  description = "Names of the nodes that own an Elastic IP."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.elastic_ips : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "elastic_ips must hold node names: DNS labels of at most 63 lower-case letters, digits and hyphens."
  }
}

variable "data_bucket" {
  description = "Whether the environment has a data bucket (backups and whatever outlives a rebuild)."
  type        = bool
  default     = true
  nullable    = false
}
