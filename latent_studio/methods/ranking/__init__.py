"""Ranking: which of many directions changes an attribute, how surely, and what else it changes."""
