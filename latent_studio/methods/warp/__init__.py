"""Warp paths: curved directions learned without labels.

Method: Tzelepis, Tzimiropoulos and Patras, "WarpedGANSpace: Finding non-linear RBF paths in GAN latent
space", ICCV 2021.
"""
