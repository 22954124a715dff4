"""Attributes: numbers that predictors read off pictures, such as brightness or the yaw of a head."""
