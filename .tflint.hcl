# Run as: tflint --recursive --config <this file>. The bundled Terraform rule set needs no download; the AWS
# rule set is a plugin of its own and is not used, so that linting works without a network.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# The roots are laid out by subject (network, machines, node-role, ...), not as one main.tf.
rule "terraform_standard_module_structure" {
  enabled = false
}
