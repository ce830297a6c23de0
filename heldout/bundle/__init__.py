"""A challenge bundle as files: what organizers write (docs/bundle.md), read without a server."""
