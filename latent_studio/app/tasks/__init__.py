"""The verbs: one task per file, the same function under command line, window and tests."""
