"""From a PyTorch module to a graph that answers as the module does."""
