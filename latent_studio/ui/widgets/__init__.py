"""Widgets: they show values and report gestures, and know nothing of torch, files or threads."""
