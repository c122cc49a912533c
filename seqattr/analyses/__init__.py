"""What else one asks a model: attention, sensitivity, counterfactuals, optimal sequences, influence."""
