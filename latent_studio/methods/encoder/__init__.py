"""Seeing the latent of a picture at once, with a network trained on a model's own samples."""
