"""Find, check and load plugins."""
