"""The layouts of state dicts that this version reads, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import (
    dcgan,
    gan_zoo_proggan,
    genforce_proggan,
    genforce_stylegan,
    genforce_stylegan2,
    huggingface_biggan,
    interfacegan,
    lernapparat_stylegan,
    mmgeneration,
    rosinality,
    rosinality_stylegan,
    sngan,
    warpedganspace_biggan,
    warpedganspace_proggan,
)

if TYPE_CHECKING:
    from latent_studio.checkpoints.state_dicts import Layout

#: Asked in this order; the first that matches is taken.
LAYOUTS: tuple[Layout, ...] = (
    rosinality.LAYOUT,
    mmgeneration.LAYOUT,
    mmgeneration.MULTI_SIZE,
    genforce_stylegan2.LAYOUT,
    warpedganspace_biggan.LAYOUT,
    huggingface_biggan.LAYOUT,
    sngan.LAYOUT,
    dcgan.LAYOUT,
    genforce_stylegan.LAYOUT,
    genforce_proggan.LAYOUT,
    interfacegan.STYLEGAN,
    interfacegan.PROGGAN,
    warpedganspace_proggan.LAYOUT,
    rosinality_stylegan.LAYOUT,
    lernapparat_stylegan.LAYOUT,
    gan_zoo_proggan.LAYOUT,
)
