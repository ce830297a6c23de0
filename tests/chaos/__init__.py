"""Faults on purpose: what a site must survive, and a judge who looks at what is left of it."""
