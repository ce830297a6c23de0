"""The catalogue of hostile and broken prediction files, each with the answer it must get."""
