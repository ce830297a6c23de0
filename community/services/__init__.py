"""Writes: recording what happened, sending, wishes, webhooks."""
