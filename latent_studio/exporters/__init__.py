"""Frames to files: every writer works beside its target and renames at the end."""
