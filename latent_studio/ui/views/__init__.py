"""Views that stand in the middle of the window in the place of the picture."""
