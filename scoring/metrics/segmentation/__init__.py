"""Labelled pixels and voxels: overlap, surfaces, instances."""
