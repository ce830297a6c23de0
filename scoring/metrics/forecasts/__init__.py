"""Probabilistic forecasts: ensembles, quantiles, distributions."""
