"""Resolver: from a place in latent space and edits to the ws a generator renders.

The order is fixed::

    z edits -> mapping -> blend of seeds -> truncation -> broadcast to num_ws -> style mix
            -> W and W+ edits on their rows

A place between seeds maps each seed around it and blends the w's: every w of the mapping network's range is a
likely picture, while a blend of z's would sink towards the middle of the sphere. Families without a mapping
network blend the z's and restore their variance, then apply the z edits. The source of a style mix goes the
same way up to the broadcast, without edits.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.base_blend import BaseBlend
from latent_studio.core.edits import EditStack
from latent_studio.core.errors import IncompatibleLatentError, OptionError
from latent_studio.core.interpolate import on_sphere
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.pose_blends import CentreBlend, MixBlend
from latent_studio.core.rows import format_rows
from latent_studio.core.spaces import Space
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import Edit
    from latent_studio.core.pose_blends import AnyCentre
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.session import Base
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import ClassWeights, SynthesisSettings
    from latent_studio.generators.protocol import Generator

#: Mapped latents kept; a drag over the seed plane meets the same corners again and again.
_KEPT = 256


class Resolver:
    """Resolves requests for one generator and remembers what it has mapped.

    Args:
        generator: whose mapping network and average are used.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._mapped: OrderedDict[tuple[bytes, ClassWeights], NDArray[np.float32]] = OrderedDict()

    def ws(self, request: RenderRequest) -> NDArray[np.float32]:
        """The ws of a request, ``(num_ws, w_dim)`` float32.

        Raises:
            IncompatibleLatentError: the base or an edit was made for a model of another shape.
            OptionError: class or truncation out of range.
        """
        spec = self._generator.spec
        _check_edits(request.edits, spec)
        _check_locks(request.locks, spec)
        ws = self._truncated(self._base_ws(request), request)
        ws = self._mixed(ws, request)
        ws = request.edits.apply(ws, before_mapping=False, locks=request.locks)
        return np.ascontiguousarray(ws, dtype=np.float32)

    def _mixed(self, ws: NDArray[np.float32], request: RenderRequest) -> NDArray[np.float32]:
        mix, spec = request.mix, self._generator.spec
        parts = mix.parts if isinstance(mix, MixBlend) else () if mix is None else (mix,)
        if not any(part.rows for part in parts):
            return ws
        sources = []
        for part in parts:
            part.check_fits(spec)
            source = replace(request, base=part.source, edits=EditStack())
            sources.append(self._truncated(self._base_ws(source), request))
        return mix.mixed(ws, sources) if isinstance(mix, MixBlend) else parts[0].mixed(ws, sources[0])

    def base(self, request: RenderRequest) -> Latent:
        """Where a request starts from, before truncation: z of a blend on the sphere, else w or w+.

        Edits in z are part of a latent in w, for they act before it.

        Raises:
            IncompatibleLatentError: the base was made for a model of another shape.
        """
        base = request.base
        if isinstance(base, Latent):
            return base
        if isinstance(base, BaseBlend):
            z = self._blended_z(base)
            if z is not None:
                return Latent(Space.Z, z)
        ws = self._base_ws(request)
        return Latent(Space.W, ws[0]) if (ws == ws[:1]).all() else Latent(Space.W_PLUS, ws)

    def centre(self, request: RenderRequest) -> Latent:
        """What truncation of a request pulls towards, in w."""
        return Latent(Space.W, self._centre(request.centre).numpy())

    def map_z(self, z: NDArray[np.float32], classes: ClassWeights) -> NDArray[np.float32]:
        """Map z's at full variety, without truncation and without remembering them.

        Args:
            z: ``(N, z_dim)`` float32.
            classes: labels and their weights, for all of them; not used by unconditional models.

        Returns:
            ``(N, num_ws, w_dim)`` float32.
        """
        generator = self._generator
        c = None
        if generator.spec.c_dim > 0:
            c = torch.zeros(len(z), generator.spec.c_dim, device=generator.device)
            for label, weight in classes:
                c[:, label] += weight
        mapped = generator.map(torch.tensor(z, device=generator.device), c)
        return np.asarray(mapped.float().cpu().numpy(), dtype=np.float32)

    def _base_ws(self, request: RenderRequest) -> NDArray[np.float32]:
        """Everything up to the broadcast, before truncation."""
        spec, base = self._generator.spec, request.base
        classes = _classes(request.synthesis, spec)
        if isinstance(base, BaseBlend):
            return self._blended_ws(request, base, classes)
        if isinstance(base, Latent):
            base.check_fits(spec)
            if base.space is Space.Z:
                z = request.edits.apply(base.values, before_mapping=True, locks=request.locks)
                return self._map(z, classes)
            return np.broadcast_to(base.values, (spec.num_ws, spec.w_dim))
        if not spec.has_mapping:
            z = request.edits.apply(_blended_z(base, spec), before_mapping=True, locks=request.locks)
            return self._map(z, classes)
        blend: NDArray[np.float32] | None = None
        for seed, weight in base.corners():
            z = _z_of_seed(seed, spec.z_dim)
            z = request.edits.apply(z, before_mapping=True, locks=request.locks)
            # A weight of one changes no bit, so whole places are plain seeds.
            part = self._map(z, classes) * np.float32(weight)
            blend = part if blend is None else blend + part
        assert blend is not None  # noqa: S101 -- a point has at least one corner
        return blend

    def _blended_ws(
        self, request: RenderRequest, base: BaseBlend, classes: ClassWeights
    ) -> NDArray[np.float32]:
        """A place between places: their w's along a line; their z's if that was asked for.

        Without a mapping network w is z, and a line would sink towards the middle of the sphere.
        """
        spec = self._generator.spec
        z = self._blended_z(base)
        if z is not None:
            z = request.edits.apply(z, before_mapping=True, locks=request.locks)
            # Nobody comes by here twice: remembering it would push out the keys.
            return np.asarray(self.map_z(z[None], classes)[0])
        blend = np.zeros((spec.num_ws, spec.w_dim), dtype=np.float64)
        for part, weight in base.parts:
            blend += weight * self._base_ws(replace(request, base=part)).astype(np.float64)
        return np.asarray(blend, dtype=np.float32)

    def _blended_z(self, base: BaseBlend) -> NDArray[np.float32] | None:
        """The z of a blend, ``(z_dim,)``; ``None`` where it is one of w's."""
        spec = self._generator.spec
        if base.course == "w" and spec.has_mapping:
            return None
        zs = [_z_of(part, spec) for part, _ in base.parts]
        whole = [z for z in zs if z is not None]
        if len(whole) < len(zs):
            return None
        weights = [weight for _, weight in base.parts]
        if base.course == "z":
            return np.asarray(np.asarray(weights) @ np.stack(whole), dtype=np.float32)
        return on_sphere(whole, weights)

    def _map(self, z: NDArray[np.float32], classes: ClassWeights) -> NDArray[np.float32]:
        """Map one z ``(z_dim,)`` to ws ``(num_ws, w_dim)``, or remember it."""
        key = (z.tobytes(), classes)
        ws = self._mapped.get(key)
        if ws is None:
            ws = self.map_z(z[None], classes)[0]
            if (ws == ws[:1]).all():
                # One row is enough to remember.
                ws = np.broadcast_to(ws[0].copy(), ws.shape)
            self._mapped[key] = ws
            if len(self._mapped) > _KEPT:
                self._mapped.popitem(last=False)
        self._mapped.move_to_end(key)
        return ws

    def _truncated(self, ws: NDArray[np.float32], request: RenderRequest) -> NDArray[np.float32]:
        """As ``Generator.map`` does it, bit for bit; applied late, so that psi stays live for every base."""
        psi, cutoff = request.synthesis.truncation_psi, request.synthesis.truncation_cutoff
        if not np.isfinite(psi):
            raise OptionError("--truncation-psi", f"--truncation-psi is {psi}, but must be a finite number.")
        if cutoff is not None and cutoff < 0:
            raise OptionError(
                "--truncation-cutoff", f"--truncation-cutoff is {cutoff}, but must be at least 0."
            )
        if psi == 1:
            return ws
        average = self._centre(request.centre)
        class_dims = self._generator.spec.class_dims
        pulled = truncate(torch.tensor(ws)[None], average, psi=psi, cutoff=cutoff, class_dims=class_dims)
        return np.asarray(pulled[0].numpy(), dtype=np.float32)

    def _centre(self, centre: AnyCentre) -> torch.Tensor:
        """``(w_dim,)`` float32."""
        if isinstance(centre, CentreBlend):
            return torch.lerp(self._centre(centre.first), self._centre(centre.second), centre.share)
        if centre is None:
            return self._generator.w_avg.float().cpu()
        centre.check_fits(self._generator.spec)
        return torch.tensor(centre.values)


def _classes(synthesis: SynthesisSettings, spec: GeneratorSpec) -> ClassWeights:
    if spec.c_dim == 0:
        return ()
    for label, weight in synthesis.class_weights:
        if not 0 <= label < spec.c_dim:
            raise OptionError(
                "--class",
                f"--class is {label}, but this model's classes go from 0 to {spec.c_dim - 1}.",
            )
        if not np.isfinite(weight):
            raise OptionError(
                "--class-blend", f"The weight of class {label} is {weight}, not a finite number."
            )
    return synthesis.class_weights


def _z_of(base: Base, spec: GeneratorSpec) -> NDArray[np.float32] | None:
    """The z of a place, ``(z_dim,)``; ``None`` where it has none or lies between w's."""
    if isinstance(base, Latent):
        base.check_fits(spec)
        return base.values if base.space is Space.Z else None
    if base.is_whole or not spec.has_mapping:
        return _blended_z(base, spec)
    return None


@lru_cache(maxsize=256)
def _z_of_seed(seed: int, z_dim: int) -> NDArray[np.float32]:
    """``z_from_seed``, remembered: a film draws the same few at every frame. Read-only."""
    z = z_from_seed(seed, z_dim)
    z.setflags(write=False)
    return z


def _blended_z(point: SeedPoint, spec: GeneratorSpec) -> NDArray[np.float32]:
    """The z of a point: a sum of independent normals divided by its deviation is standard normal again."""
    corners = point.corners()
    if len(corners) == 1:
        return _z_of_seed(corners[0][0], spec.z_dim)
    weights = np.array([weight for _, weight in corners], dtype=np.float32)
    zs = np.stack([_z_of_seed(seed, spec.z_dim) for seed, _ in corners])
    return np.asarray(weights @ zs / np.sqrt(np.square(weights).sum()), dtype=np.float32)


def _check_edits(edits: EditStack, spec: GeneratorSpec) -> None:
    for edit in edits:
        if edit.enabled and edit.amount:
            _check_edit(edit, spec)


def _check_locks(locks: tuple[Direction, ...], spec: GeneratorSpec) -> None:
    for lock in locks:
        lock.check_fits(spec)


def _check_edit(edit: Edit, spec: GeneratorSpec) -> None:
    edit.direction.check_fits(spec)
    if any(not 0 <= row < spec.num_ws for row in edit.rows or ()):
        raise IncompatibleLatentError(
            f"The edit {edit.direction.name!r} asks for rows {format_rows(edit.rows or ())}; "
            f"the model has rows 0 to {spec.num_ws - 1}.",
            hint="Choose layers within the model.",
        )
    if not np.isfinite(edit.amount):
        raise OptionError(
            edit.direction.name,
            f"The amount of {edit.direction.name!r} is {edit.amount}, not a finite number.",
        )
