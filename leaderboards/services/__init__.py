"""Writes of the boards' app: board revisions and credit books."""
