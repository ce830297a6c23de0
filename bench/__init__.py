"""Benchmarks: our engine beside the limit of the machine and beside naive NumPy.

Every number is a ratio of two things timed in one run on one machine, in turns. Nothing here
is asserted by a test: how fast a machine is depends on who else is using it.
"""
