"""Who may do what: every address of the site, every kind of visitor, every method."""
