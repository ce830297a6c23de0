"""Doors: each view parses, permits, calls what is below and answers."""
