"""The challenge ``burgers-1d``: viscous Burgers flow from random initial fields.

The equation is ``u_t + u u_x = nu u_xx`` on ``0 <= x < 1``, periodic. README.md in this folder
describes the grid, the sets and how the references were verified. Pure NumPy and SciPy.
"""
