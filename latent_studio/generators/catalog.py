"""The catalogue of generator families: an id and where to find its builder, imported on first use."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from latent_studio.core.errors import MissingWeightsError, UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.generators.protocol import Generator

#: Family id to ``module:function``; the function takes a checkpoint and returns a generator on the CPU.
FAMILIES = MappingProxyType(
    {
        "biggan": "latent_studio.generators.biggan:build_biggan",
        "dcgan": "latent_studio.generators.dcgan:build_dcgan",
        "mspie": "latent_studio.generators.mspie:build_mspie",
        "proggan": "latent_studio.generators.proggan:build_proggan",
        "sngan": "latent_studio.generators.sngan:build_sngan",
        "stylegan": "latent_studio.generators.stylegan:build_stylegan",
        "stylegan2": "latent_studio.generators.stylegan2:build_stylegan2",
        "stylegan3": "latent_studio.generators.stylegan3:build_stylegan3",
        "toy": "latent_studio.generators.toy:build_toy",
    }
)


def build_generator(checkpoint: Checkpoint) -> Generator:
    """The generator a checkpoint holds, on the CPU.

    Raises:
        UnknownFormatError: its family is not in the catalogue.
        MissingWeightsError: its tensors do not make up a network of this family; names the file.
    """
    try:
        dotted = FAMILIES[checkpoint.family]
    except KeyError:
        raise UnknownFormatError(
            f"The generator family {checkpoint.family!r} is not known.",
            hint=f"Known families: {', '.join(sorted(FAMILIES))}.",
        ) from None
    module, name = dotted.split(":")
    build = cast("Callable[[Checkpoint], Generator]", getattr(importlib.import_module(module), name))
    try:
        return build(checkpoint)
    except MissingWeightsError as error:
        file_name = checkpoint.provenance.path.name
        raise MissingWeightsError(f"{file_name}: {error.title}", hint=error.hint) from error
