"""Boundaries: planes that separate two values of an attribute (InterFaceGAN), and what they are for."""
