"""Notifications: found once, told once, and only to those who may know."""
