"""Docks: each shows a slice of the session and knows no other dock."""
