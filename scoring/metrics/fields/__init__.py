"""Fields and solutions of PDEs: errors, norms, spectra, rollouts, weather."""
