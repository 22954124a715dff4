"""Latent Studio: explore GAN latent spaces live. Importing this package costs nothing."""

__version__ = "0.1.0"
