"""Algorithms that find directions and latents; networks and random generators are passed in."""
