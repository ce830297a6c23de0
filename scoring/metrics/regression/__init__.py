"""Numbers against numbers: errors, correlations, one value for each target."""
