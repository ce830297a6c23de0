"""Lists in an order: what is found, and how early."""
