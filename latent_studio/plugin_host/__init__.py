"""Find, check, load and fence plugins; see ``docs/how-to/write-a-plugin.md``."""
