"""A rehearsal: a bundle's whole round, held in seconds in a database of its own."""
