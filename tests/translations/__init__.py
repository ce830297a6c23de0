"""The site's second language: what is translated, and that nothing of it is stale."""
