"""The contract suite: what every rule promises, asked by an ordinary AWS client."""
