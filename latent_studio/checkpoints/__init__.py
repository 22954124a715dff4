"""Reading weights without running code: the only door to model files."""
