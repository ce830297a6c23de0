"""The challenge ``hundred-digits``: ten numbers, ten digits each.

The problems are those of the SIAM 100-Digit Challenge (L. N. Trefethen, SIAM News 35(1), 2002).
Pure NumPy, SciPy and the standard library.
"""
