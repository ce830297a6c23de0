"""Classes: labels, probabilities, scores, and how far probabilities can be trusted."""
