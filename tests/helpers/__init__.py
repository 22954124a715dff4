"""Fakes and builders that several tests share; each has a test of its own."""
