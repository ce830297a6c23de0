"""Structures of molecules: coordinates and contacts."""
