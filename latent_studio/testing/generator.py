"""check_generator: a generator of any family against the ``Generator`` protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.generators.protocol import StyledGenerator
from latent_studio.generators.stages import run_stages
from latent_studio.testing.require import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.generators.protocol import Features, Generator, NoiseMaps

#: Largest difference between a batch and its samples one by one, or between renders with and without
#: autograd, as a share of the picture's range: the order of sums may differ, nothing else.
TOLERANCE = 1e-5


def check_generator(generator: Generator, *, seed: int = 0) -> None:
    """Check a generator of any family against the ``Generator`` protocol.

    Shapes and types; the same input gives the same bits; stages one by one give the bits of ``synthesize``;
    a stage depends on the rows it names only and writes to nothing it was given; noise is an argument; a
    batch is its samples; gradients reach ws; other shapes are refused.

    Args:
        generator: on any device; a small one, as some ten pictures are made.
        seed: of the latents tried.

    Raises:
        AssertionError: the first thing that is wrong.
    """
    checks = _GeneratorChecks(generator, seed=seed)
    with torch.no_grad():
        checks.facts()
        checks.mapping()
        checks.pictures()
        checks.stages()
        checks.prefixes()
        checks.noise()
        checks.batches()
        checks.refusals()
        checks.style_weights()
        checks.style_channels()
        checks.moving()
    checks.gradients()


class _GeneratorChecks:
    """The checks of one generator, in order; each raises on the first fault."""

    def __init__(self, generator: Generator, *, seed: int) -> None:
        self._generator = generator
        self._spec = generator.spec
        rng = torch.Generator().manual_seed(seed)
        self._z = torch.randn(2, self._spec.z_dim, generator=rng).to(generator.device)
        self._c = None
        if self._spec.c_dim:
            labels = torch.arange(2, device=generator.device) % self._spec.c_dim
            self._c = torch.nn.functional.one_hot(labels, self._spec.c_dim).float()

    def facts(self) -> None:
        spec, stages = self._spec, self._generator.stages
        require(len(stages) > 0, "a generator has at least one stage")
        sides = tuple(stage.resolution for stage in stages)
        require(
            sides == spec.stage_resolutions, f"stages have sides {sides}, spec says {spec.stage_resolutions}"
        )
        require(sides[-1] == spec.resolution, f"the last stage gives {sides[-1]} px, not {spec.resolution}")
        require(stages[-1].has_preview, "the last stage makes the picture, so it has a preview")
        rows = [stage.num_rows for stage in stages]
        require(rows == sorted(rows), f"stages must not depend on fewer rows than those before: {rows}")
        require(0 < rows[-1] <= spec.num_ws, f"the last stage depends on {rows[-1]} rows of {spec.num_ws}")
        _require_tensor(self._generator.w_avg, (spec.w_dim,), "w_avg")

    def mapping(self) -> None:
        spec, generator = self._spec, self._generator
        ws = self._map()
        _require_tensor(ws, (2, spec.num_ws, spec.w_dim), "map's result")
        require(torch.equal(ws, self._map()), "map gives other bits the second time")
        precise = generator.map(self._z.double(), None if self._c is None else self._c.double())
        require(torch.equal(ws, precise), "map must take float64, as NumPy draws z, and answer in float32")
        average = generator.w_avg.expand_as(ws).clone()
        pulled = spec.w_dim - spec.class_dims
        average[..., pulled:] = ws[..., pulled:]
        none = generator.map(self._z, self._c, truncation_psi=0.0)
        require(_close(none, average), "truncation_psi 0 must give w_avg, and leave the class alone")
        cut = generator.map(self._z, self._c, truncation_psi=0.0, truncation_cutoff=1)
        require(_close(cut[:, 0], average[:, 0]), "truncation_cutoff 1 must pull row 0")
        require(torch.equal(cut[:, 1:], ws[:, 1:]), "truncation_cutoff 1 must leave rows from 1 alone")
        half = generator.map(self._z, self._c, truncation_psi=0.5)
        require(_close(half, (ws + average) / 2), "truncation_psi 0.5 must be halfway to w_avg")

    def pictures(self) -> None:
        spec, ws = self._spec, self._map()
        kept = ws.clone()
        picture = self._generator.synthesize(ws)
        _require_tensor(picture, (2, spec.channels, *spec.picture_size), "synthesize's result")
        require(torch.equal(ws, kept), "synthesize wrote to ws")
        require(
            torch.equal(picture, self._generator.synthesize(ws)),
            "synthesize gives other bits the second time",
        )
        precise = self._generator.synthesize(ws.double())
        require(torch.equal(picture, precise), "synthesize must take float64 and answer in float32")
        require(not torch.equal(picture[0], picture[1]), "two latents give the same picture")

    def stages(self) -> None:
        generator, ws = self._generator, self._map()[:1]
        noise = generator.noise_maps("const")
        features: Features | None = None
        rgb: Tensor | None = None
        for index, stage in enumerate(generator.stages):
            below = None if features is None else features.x
            x, picture = _copy(below), _copy(rgb)
            features = stage.run(features, rgb, ws, noise)
            require(features.x.shape[0] == 1, f"stage {index} loses the batch")
            unchanged = _same(below, x) and _same(rgb, picture)
            require(unchanged, f"stage {index} writes to what it was given, which may be cached")
            x = features.x.clone()
            rgb = stage.to_rgb(features, ws)
            unchanged = torch.equal(features.x, x) and _same(features.rgb, picture)
            require(unchanged, f"to_rgb of stage {index} writes to its features, which may be cached")
            require((rgb is not None) == stage.has_preview, f"stage {index} says otherwise in has_preview")
            if rgb is not None:
                size = self._spec.size_of(stage.resolution)
                _require_tensor(rgb, (1, self._spec.channels, *size), f"the picture of stage {index}")
        require(
            rgb is not None and torch.equal(rgb, generator.synthesize(ws)),
            "the stages one by one give other bits than synthesize",
        )

    def prefixes(self) -> None:
        """An edit from row k on leaves every stage alone that names k rows or fewer."""
        generator = self._generator
        ws, noise = self._map()[:1], generator.noise_maps("const")
        walk = self._walk(ws, noise)
        for index, stage in enumerate(generator.stages):
            edited = ws.clone()
            edited[:, stage.num_rows :] += 1.0
            again, _ = self._walk(edited, noise)[index]
            require(
                torch.equal(again.x, walk[index][0].x) and _same(again.rgb, walk[index][0].rgb),
                f"stage {index} depends on rows from {stage.num_rows} on, which it does not name",
            )
            features, rgb = walk[index][0], stage.to_rgb(walk[index][0], edited)
            for later in generator.stages[index + 1 :]:
                features = later.run(features, rgb, edited, noise)
                rgb = later.to_rgb(features, edited)
            require(
                rgb is not None and torch.equal(rgb, run_stages(generator.stages, edited, noise)),
                f"continuing after stage {index} gives other bits than the whole",
            )

    def noise(self) -> None:
        generator, ws = self._generator, self._map()
        const = generator.noise_maps("const")
        kept = [_copy(one) for one in const]
        require(
            torch.equal(generator.synthesize(ws, noise=const), generator.synthesize(ws, noise_mode="const")),
            'noise_maps("const") as an argument gives another picture than noise_mode="const"',
        )
        require(all(map(_same, const, kept)), "synthesize wrote to its noise maps")
        none = generator.noise_maps("none")
        require(all(one is None for one in none), 'noise_maps("none") must hold None only')
        require(len(none) == len(const), "all noise modes have the same number of maps")
        for batch in (1, 2):
            first, second = (
                generator.noise_maps("random", rng=torch.Generator().manual_seed(7), batch=batch)
                for _ in range(2)
            )
            require(all(map(_same, first, second)), "the same random generator must give the same noise")
            require(len(first) == len(const), "all noise modes have the same number of maps")
            shapes_fit = all(
                one is not None and stored is not None and one.shape == (batch, *stored.shape[1:])
                for one, stored in zip(first, const, strict=True)
            )
            require(shapes_fit, f"random noise for a batch of {batch} has another shape than the stored")
            _require_tensor(
                generator.synthesize(ws, noise=first),
                tuple(generator.synthesize(ws).shape),
                "a noisy picture",
            )

    def batches(self) -> None:
        generator, ws = self._generator, self._map()
        together = generator.synthesize(ws)
        apart = torch.cat([generator.synthesize(ws[i : i + 1]) for i in range(len(ws))])
        require(_close(together, apart), "a batch gives other pictures than its samples one by one")

    def refusals(self) -> None:
        generator, spec, ws = self._generator, self._spec, self._map()
        long_z = torch.zeros(1, spec.z_dim + 1, device=generator.device)
        wide = torch.cat([ws, ws], dim=2)
        many = torch.cat([ws, ws[:, :1]], dim=1)
        _require_refused(lambda: generator.map(long_z, self._c), "a z that is too long")
        _require_refused(lambda: generator.synthesize(wide), "a ws with rows that are too long")
        _require_refused(lambda: generator.synthesize(many), "a ws with a row too many")
        _require_refused(lambda: generator.synthesize(ws[0]), "a ws without a batch")
        wrong_c = torch.zeros(2, spec.c_dim + 1, device=generator.device)
        _require_refused(lambda: generator.map(self._z, wrong_c), "a c of another length")
        if spec.c_dim:
            _require_refused(lambda: generator.map(self._z), "no c for a model with classes")

    def style_weights(self) -> None:
        spec = self._spec
        weights = self._generator.style_weights()
        rows = [one.row for one in weights]
        require(rows == sorted(rows), "style weights are in row order")
        require(all(0 <= row < spec.num_ws for row in rows), "style weights name rows that ws has not")
        require(len({one.name for one in weights}) == len(weights), "style weights have different names")
        for one in weights:
            _require_tensor(one.weight, (one.weight.shape[0], spec.w_dim), f"the style weight {one.name}")

    def style_channels(self) -> None:
        generator, spec, ws = self._generator, self._spec, self._map()
        layers = generator.style_layers if isinstance(generator, StyledGenerator) else ()
        require(
            spec.has_styles == bool(layers),
            "spec.has_styles says whether channels of styles can be moved",
        )
        if not isinstance(generator, StyledGenerator) or not layers:
            return
        styles = generator.styles(ws)
        for layer in layers:
            _require_tensor(styles[layer.name], (len(ws), layer.channels), f"the style of {layer.name}")
        moved = generator.with_style_offsets(((layers[0].name, 0, 5.0),))
        require(
            not torch.equal(moved.synthesize(ws), generator.synthesize(ws)),
            "a channel that is moved changes nothing",
        )

    def moving(self) -> None:
        generator, ws = self._generator, self._map()
        moved = generator.to(generator.device)
        require(
            torch.equal(moved.synthesize(ws), generator.synthesize(ws)),
            "to() the same device gives another picture",
        )

    def gradients(self) -> None:
        generator = self._generator
        ws = self._map().detach()[:1]
        with torch.no_grad():
            without = generator.synthesize(ws)
        followed = ws.clone().requires_grad_(True)
        picture = generator.synthesize(followed)
        require(_close(picture.detach(), without), "the picture is another one when a gradient is wanted")
        (gradient,) = torch.autograd.grad(picture.square().sum(), followed)
        require(bool(torch.isfinite(gradient).all()), "the gradient of ws is not finite")
        require(bool((gradient != 0).any()), "the gradient of ws is zero everywhere")

    def _map(self) -> Tensor:
        return self._generator.map(self._z, self._c)

    def _walk(self, ws: Tensor, noise: NoiseMaps) -> list[tuple[Features, Tensor | None]]:
        """What every stage gives."""
        walk: list[tuple[Features, Tensor | None]] = []
        features: Features | None = None
        rgb: Tensor | None = None
        for stage in self._generator.stages:
            features = stage.run(features, rgb, ws, noise)
            rgb = stage.to_rgb(features, ws)
            walk.append((features, rgb))
        return walk


def _require_tensor(tensor: Tensor, shape: tuple[int, ...], what: str) -> None:
    require(tuple(tensor.shape) == shape, f"{what} has shape {tuple(tensor.shape)}, not {shape}")
    require(tensor.dtype == torch.float32, f"{what} is {tensor.dtype}, not float32")
    require(bool(torch.isfinite(tensor).all()), f"{what} is not finite")


def _require_refused(call: Callable[[], Tensor], what: str) -> None:
    try:
        call()
    except IncompatibleLatentError as error:
        require(bool(error.title), f"the error about {what} has no title")
        return
    raise AssertionError(f"{what} must raise IncompatibleLatentError")


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.clone()


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def _close(one: Tensor, other: Tensor) -> bool:
    span = float(other.max() - other.min()) or 1.0
    return float((one - other).abs().max()) <= TOLERANCE * span
