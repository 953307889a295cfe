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

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. Each zone's subnet is a sixteenth of it."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && can(regex("^[0-9.]+/(1[6-9]|2[0-4])$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range between /16 and /24, for example 10.0.0.0/16."
  }

  validation {
    condition     = try(cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0], false)
    error_message = "vpc_cidr must start at its network address: no bits may be set behind the prefix."
  }
}

variable "allow" {
  description = "IPv4 ranges from which SSH (22) and the Kubernetes API (api_port) may be reached."
  type        = list(string)
  nullable    = false

  validation {
    condition = alltrue([
      for range in var.allow : can(cidrhost(range, 0)) && can(regex("^[0-9.]+/[0-9]+$", range))
    ])
    error_message = "allow must hold IPv4 ranges in CIDR form, for example 203.0.113.7/32."
  }

  validation {
    condition     = length(var.allow) == length(distinct(var.allow))
    error_message = "allow names a range twice."
  }
}

variable "ssh_public_key" {
  description = "Public half of the key for SSH, as one line of an authorized_keys file."
  type        = string
  nullable    = false

  # EC2 imports RSA and ED25519 keys only; others fail in the middle of an apply.
  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+=*( [^\\n]*)?\\n?$", var.ssh_public_key))
    error_message = "ssh_public_key must be one line that starts with ssh-ed25519 or ssh-rsa: EC2 accepts no other kind."
  }
}

variable "nodes" {
  description = "The topology: node name to role, instance type, root disk in GiB, whether it owns an Elastic IP, labels, and optionally the index of its zone."
  type = map(object({
    role       = string
    type       = string
    disk       = number
    eip        = bool
    labels     = map(string)
    zone_index = optional(number)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name, node in var.nodes : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "nodes must be named by DNS labels: at most 63 lower-case letters, digits and hyphens. The name becomes host name and Kubernetes node name."
  }

  validation {
    condition     = alltrue([for name, node in var.nodes : contains(["control-plane", "worker"], node.role)])
    error_message = "nodes: a role must be control-plane or worker, nothing else."
  }

  # etcd needs a majority: two members are worse than one.
  validation {
    condition     = length([for name, node in var.nodes : name if node.role == "control-plane"]) % 2 == 1
    error_message = "nodes must hold an odd number of nodes with the role control-plane."
  }

  validation {
    condition     = alltrue([for name, node in var.nodes : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", node.type))])
    error_message = "nodes: a type must be an EC2 instance type such as t3.large."
  }

  validation {
    condition     = alltrue([for name, node in var.nodes : floor(node.disk) == node.disk && node.disk >= 8 && node.disk <= 16384])
    error_message = "nodes: a disk must be a whole number of GiB between 8 and 16384 (the range of gp3 that an Ubuntu image fits in)."
  }

  validation {
    condition     = alltrue([for name, node in var.nodes : node.zone_index == null ? true : contains([0, 1, 2], node.zone_index)])
    error_message = "nodes: a zone_index must be 0, 1 or 2."
  }
}

variable "data_bucket" {
  description = "Name of the data bucket that nodes write backups to; null: none. It is a name and not a reference, so that both roots apply at the same time."
  type        = string
  default     = null

  validation {
    condition     = var.data_bucket == null ? true : startswith(var.data_bucket, "${var.cluster_id}-")
    error_message = "data_bucket must be the cluster's own bucket: its name starts with the cluster id."
  }
}

variable "image" {
  description = "The machine image: account that owns it, and a pattern of its name. The newest match is taken, once per machine."
  type = object({
    owner = string
    name  = string
  })
  nullable = false

  validation {
    condition     = can(regex("^([0-9]{12}|amazon|self)$", var.image.owner))
    error_message = "image.owner must be a 12-digit account number, amazon or self: a name alone would let anybody's image in."
  }

  validation {
    condition     = length(trim(var.image.name, "*? ")) > 0
    error_message = "image.name must not match every image."
  }
}

variable "api_port" {
  description = "Port of the Kubernetes API server."
  type        = number
  default     = 6443
  nullable    = false

  validation {
    condition     = var.api_port == floor(var.api_port) && var.api_port >= 1 && var.api_port <= 65535 && var.api_port != 22
    error_message = "api_port must be a port number other than 22."
  }
}
