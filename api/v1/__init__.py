"""Version 1 of the API; its documentation is the schema served at /api/v1/schema/."""
