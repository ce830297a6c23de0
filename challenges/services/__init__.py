"""Writes of challenges, rounds, targets and references."""
