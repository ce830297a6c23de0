"""Metrics beside independent implementations."""
