"""What callers hand to a generator, checked and made float32 on its device; shared by the families."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import IncompatibleLatentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps


def taken_z(z: Tensor, spec: GeneratorSpec, device: torch.device) -> Tensor:
    """``z`` as the network takes it: ``(N, z_dim)`` float32 on its device.

    Other precisions are welcome, since NumPy draws a seed's z in float64; so are arrays.

    Raises:
        IncompatibleLatentError: another shape.
    """
    z = _taken(z, device)
    if z.ndim != 2 or z.shape[1] != spec.z_dim:
        raise IncompatibleLatentError(
            f"z has shape {tuple(z.shape)}; this model takes (N, {spec.z_dim}).",
            hint="The latent was made for another model.",
        )
    return z


def taken_c(c: Tensor | None, spec: GeneratorSpec, device: torch.device, *, batch: int) -> Tensor | None:
    """``c`` as the network takes it: ``(batch, c_dim)`` float32 on its device; ``None`` without classes.

    Raises:
        IncompatibleLatentError: another shape, or missing.
    """
    if c is None:
        if spec.c_dim == 0:
            return None
        raise IncompatibleLatentError(
            f"This model needs a class: c of shape ({batch}, {spec.c_dim}).",
            hint="Choose a class, or blend several; one number per class.",
        )
    c = _taken(c, device)
    if tuple(c.shape) != (batch, spec.c_dim):
        raise IncompatibleLatentError(
            f"c has shape {tuple(c.shape)}; this model takes ({batch}, {spec.c_dim}).",
            hint="Leave c out for a model without classes." if spec.c_dim == 0 else "One number per class.",
        )
    return c


def taken_ws(ws: Tensor, spec: GeneratorSpec, device: torch.device) -> Tensor:
    """``ws`` as the network takes it: ``(N, num_ws, w_dim)`` float32 on its device.

    Raises:
        IncompatibleLatentError: another shape.
    """
    ws = _taken(ws, device)
    if ws.ndim != 3 or tuple(ws.shape[1:]) != (spec.num_ws, spec.w_dim):
        raise IncompatibleLatentError(
            f"ws has shape {tuple(ws.shape)}; this model takes (N, {spec.num_ws}, {spec.w_dim}).",
            hint="The latent was made for another model.",
        )
    return ws


def check_noise(noise: NoiseMaps, stored: Sequence[Tensor], *, batch: int) -> None:
    """Raise IncompatibleLatentError unless there is one map, or ``None``, for each noise input.

    Args:
        noise: what was given.
        stored: the model's own maps, ``(1, 1, H, W)`` each.
        batch: how many pictures.
    """
    if len(noise) != len(stored):
        raise IncompatibleLatentError(
            f"There are {len(noise)} noise maps; this model has {len(stored)} noise inputs.",
            hint="Ask the model for its noise maps.",
        )
    for index, (noise_map, own) in enumerate(zip(noise, stored, strict=True)):
        if noise_map is None:
            continue
        high, wide = own.shape[-2:]
        if tuple(noise_map.shape) not in {(1, 1, high, wide), (batch, 1, high, wide)}:
            raise IncompatibleLatentError(
                f"Noise map {index} has shape {tuple(noise_map.shape)}; expected (1, 1, {high}, {wide}).",
                hint="Ask the model for its noise maps.",
            )


def make_noise(
    mode: NoiseMode,
    stored: Sequence[Tensor],
    *,
    rng: torch.Generator | None,
    batch: int,
) -> NoiseMaps:
    """Noise maps of one mode.

    Args:
        mode: ``"const"`` gives the stored maps, ``"random"`` fresh normal ones, ``"none"`` leaves all out.
        stored: ``(1, 1, H, W)`` each.
        rng: what random maps are drawn from, on its own device; ``None`` means a fixed seed 0 on the CPU, so
            that pictures do not depend on the device.
        batch: how many random maps per input.
    """
    match mode:
        case "const":
            return tuple(stored)
        case "none":
            return (None,) * len(stored)
        case "random":
            rng = rng or torch.Generator().manual_seed(0)
            return tuple(
                torch.randn(batch, *one.shape[1:], generator=rng, device=rng.device).to(one.device)
                for one in stored
            )


def _taken(given: Tensor, device: torch.device) -> Tensor:
    return torch.as_tensor(given).to(device, torch.float32)
