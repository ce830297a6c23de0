"""Comparing structures atom by atom: superpositions, the search for the best ones, distances.

Plain functions over arrays of coordinates in angstrom. Which atom is which is settled before:
row i of one array is the same atom as row i of the other.
"""
