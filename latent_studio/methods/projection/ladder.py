"""Ladder: from a picture to its latent, rung by rung, each one starting from the last.

Start, then z or w, then w+, then noise. In z or w small pictures are matched first, by leaving the network
early: large, shrinking random steps find the right hollow of an objective that has many, and small pictures
cost little. Then L-BFGS goes down into it: the objective is deterministic, and then it needs a fraction of
Adam's time.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.errors import Cancelled, InputError, OutOfMemoryError
from latent_studio.methods.projection.latent_stats import (
    BATCH,
    SEED,
    LatentStats,
    latent_stats,
    one_hot,
)
from latent_studio.methods.projection.noise import noise_penalty, normalised_noise
from latent_studio.methods.projection.objective import (
    Target,
    picture_loss,
    score_picture,
)
from latent_studio.methods.projection.rungs import Look, Projection, Rung, Start
from latent_studio.methods.projection.synthesis import picture_at, preview_stages, ws_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch import Tensor

    from latent_studio.generators.protocol import Generator, NoiseMaps
    from latent_studio.methods.projection.rungs import RungName
    from latent_studio.methods.projection.settings import ProjectionSettings, SpaceName

    #: Opens around each piece of computing.
    Step = Callable[[], AbstractContextManager[object]]

log = logging.getLogger(__name__)

#: Shares of a rung's evaluations from the coarsest picture to the full one.
_COARSE_SHARE = 0.45
#: Coarser pictures than this say too little.
_COARSEST = 32
#: Hollows are looked for in pictures of this side at most; in those of half of it they are others.
_EXPLORED = 64
#: Adam's rate while looking for them, and the first random step, both in standard deviations of w.
_EXPLORE_RATE, _EXPLORE_SHAKE = 0.2, 0.2
#: An evaluation takes about this power of the picture's side.
_EFFORT_POWER = 1.5
#: A rung whose result is worse by more than this share is not taken.
_TOLERANCE = 1e-4
_START_BATCH = 8
_NOT_FINITE = "The search met numbers that are not finite, and went on from the best before them."


def project(
    generator: Generator,
    target: Target,
    settings: ProjectionSettings,
    *,
    step: Step,
    start: Start | None = None,
    encoded: Tensor | None = None,
    class_idx: int = 0,
    stats: LatentStats | None = None,
    report: Callable[[Look], None] = lambda look: None,
    check_cancel: Callable[[], None] = lambda: None,
) -> Projection:
    """Search for a picture's latent.

    Args:
        generator: the model; its weights are not changed.
        target: what to find.
        settings: how.
        step: opens around each piece of computing; frames of the window pass in between.
        start: go on from here; the rungs before it are skipped.
        encoded: ``(w_dim,)`` or ``(num_ws, w_dim)``, what an encoder says.
        class_idx: label of a conditional model.
        stats: of the model, if they are known already.
        report: told of every evaluation.
        check_cancel: raises to stop; the best so far is then returned.

    Returns:
        Never empty: there is always a start.

    Raises:
        InputError: a search in z cannot go on from a latent in w.
        OutOfMemoryError: even the smallest pictures do not fit.
        Cancelled: a stop was asked for before there was anything to keep.
    """
    check_cancel()
    if stats is None:
        stats = latent_stats(generator, class_idx=class_idx, step=step)
    check_cancel()
    search = _Search(generator, target, settings, stats, class_idx, step, report, check_cancel)
    return search.run(start, encoded)


class _Stopped(Exception):
    """A search hit numbers that are not finite."""


class _Search:
    """One search: what all its rungs share."""

    def __init__(
        self,
        generator: Generator,
        target: Target,
        settings: ProjectionSettings,
        stats: LatentStats,
        class_idx: int,
        step: Step,
        report: Callable[[Look], None],
        check_cancel: Callable[[], None],
    ) -> None:
        self._generator = generator
        self._target = target
        self._settings = settings if generator.spec.has_mapping else _with_no_rung_after_z(settings)
        self._stats = stats
        self._class_idx = class_idx
        self._step = step
        self._report = report
        self._check_cancel = check_cancel
        stages = preview_stages(generator)
        sides = [generator.stages[index].resolution for index in stages]
        self._levels = [index for index, side in zip(stages, sides, strict=True) if side >= _COARSEST]
        self._levels = self._levels or [stages[-1]]
        self._noise: NoiseMaps = generator.noise_maps("const")
        self._began = time.perf_counter()
        self._evaluations = 0
        self._done, self._planned = 0.0, 1.0
        self._remarks: list[str] = []
        self._rungs: list[Rung] = []

    def run(self, start: Start | None, encoded: Tensor | None) -> Projection:
        """Climb; a stop keeps what there is."""
        spec, settings = self._generator.spec, self._settings
        space: SpaceName = settings.space if spec.has_mapping else "z"
        if space == "w+" and spec.num_ws == 1:
            space = "w"
        noise_steps = settings.noise_steps if any(one is not None for one in self._noise) else 0
        explored = self._explored_level() if settings.explore_steps and start is None else None
        w_budgets = self._w_budgets(explored)
        self._planned = (
            (0.0 if explored is None else settings.explore_steps * self._effort(explored))
            + sum(self._effort(level) * steps for level, steps in w_budgets)
            + (settings.w_plus_steps if space == "w+" else 0)
            + noise_steps
        )
        is_complete = True
        try:
            latent, space_now = self._start(encoded, space) if start is None else self._go_on(start, space)
            w_plus_steps = settings.w_plus_steps
            if space_now == "w+" and space == "w+":
                # What an encoder or an earlier search says row by row is not thrown together again.
                w_plus_steps += settings.w_steps
            elif settings.w_steps:
                latent = latent.mean(0) if latent.ndim == 2 else latent
                name: SpaceName = "z" if space == "z" else "w"
                self._climb(name, name, latent, w_budgets, explored)
            if space == "w+" and w_plus_steps:
                latent = self._rungs[-1].latent.to(self._generator.device)
                rows = latent if latent.ndim == 2 else latent.expand(spec.num_ws, -1)
                self._climb("w+", "w+", rows.contiguous(), [(self._levels[-1], w_plus_steps)])
            if noise_steps:
                self._climb_noise(noise_steps)
        except Cancelled:
            if not self._rungs:
                raise
            is_complete = False
        return Projection(tuple(self._rungs), is_complete, tuple(self._remarks))

    def _go_on(self, start: Start, space: SpaceName) -> tuple[Tensor, SpaceName]:
        """From an earlier result, on the way to a space."""
        latent, space_now = start.latent.to(self._generator.device), start.space
        if self._generator.spec.has_mapping and (space == "z") != (space_now == "z"):
            if space == "z":
                raise InputError(
                    f"A search in z cannot begin at a latent in {space_now}.",
                    hint="Search in w or w+, or begin anew.",
                )
            with self._step(), torch.no_grad():
                z = latent[None]
                latent = self._generator.map(z, one_hot(self._generator, self._class_idx, 1))[0, 0]
            space_now = "w"
        if start.noise is not None:
            self._noise = tuple(
                None if one is None else one.to(self._generator.device) for one in start.noise
            )
        self._keep("start", space_now, latent, start.noise)
        return latent, space_now

    # Start
    # ---------------------------------------------------------------------------------------------------

    def _start(self, encoded: Tensor | None, space: SpaceName) -> tuple[Tensor, SpaceName]:
        """The best of the mean, random samples and what an encoder saw, by coarse pictures."""
        stats, settings = self._stats, self._settings
        candidates = [stats.mean[None]]
        if settings.start != "mean" and settings.samples:
            # Pulled halfway to the mean: fewer odd ones, and it is only a start.
            drawn = stats.samples[: settings.samples]
            candidates.append(stats.mean + 0.6 * (drawn - stats.mean))
        w = torch.cat(candidates)
        level = self._levels[min(1, len(self._levels) - 1)]
        try:
            losses = self._losses_of(w, level, _START_BATCH)
        except OutOfMemoryError:
            level = self._levels[0]
            losses = self._losses_of(w, level, 1)
        smallest = float(losses.min())
        best = w[int(losses.argmin())]
        if settings.start == "encoder" and encoded is not None:
            encoded = encoded.to(self._generator.device)
            with self._step(), torch.no_grad():
                picture = picture_at(
                    self._generator, ws_of(encoded, self._generator.spec.num_ws), self._noise, stage=level
                )
                loss = picture_loss(picture, self._target, settings.weights)[0]
            # Without samples to compare with, its word is taken.
            if not settings.samples or float(loss) <= smallest:
                space_now: SpaceName = "w+" if encoded.ndim == 2 else "w"
                if encoded.ndim == 2 and space != "w+":
                    encoded, space_now = encoded.mean(0), "w"
                self._keep("start", space_now, encoded, None)
                return encoded, space_now
        if space == "z" and self._generator.spec.has_mapping:
            index = int(losses.argmin())
            z = self._z_of_sample(index - 1) if index else torch.zeros(self._generator.spec.z_dim)
            z = z.to(self._generator.device)
            self._keep("start", "z", z, None)
            return z, "z"
        space_now = "z" if space == "z" else "w"
        self._keep("start", space_now, best, None)
        return best, space_now

    def _losses_of(self, w: Tensor, level: int, batch: int) -> Tensor:
        """How far the pictures of many w's are, ``(N,)``."""
        losses = []
        for begin in range(0, len(w), batch):
            self._check_cancel()
            part = w[begin : begin + batch]
            with self._step(), torch.no_grad():
                ws = part[:, None].expand(-1, self._generator.spec.num_ws, -1).contiguous()
                pictures = picture_at(self._generator, ws, self._noise, stage=level)
                losses.append(picture_loss(pictures, self._target, self._settings.weights)[0])
        return torch.cat(losses)

    def _z_of_sample(self, index: int) -> Tensor:
        """The z that a sample of the statistics came from."""
        rng = np.random.RandomState(SEED)
        for _ in range(index // BATCH + 1):
            z = rng.randn(BATCH, self._generator.spec.z_dim)
        return torch.from_numpy(z[index % BATCH]).float()

    # Climbing
    # ------------------------------------------------------------------------------------------------

    def _climb(
        self,
        name: RungName,
        space: SpaceName,
        latent: Tensor,
        budgets: list[tuple[int, int]],
        explored: int | None = None,
    ) -> None:
        """A rung in z, w or w+: coarse to fine, then keep it if it is better than the last."""
        free = (latent if self._is_mapped_z(space) else self._stats.to_whitened(latent)).clone()
        if explored is not None:
            free = self._explore(name, space, free, explored)
        for level, budget in budgets:
            # There may have been no memory for this size.
            level_there_is_room_for = min(level, self._levels[-1])
            free = self._minimise(name, space, free, level_there_is_room_for, budget)
        self._keep_free(name, space, free)

    def _explored_level(self) -> int | None:
        """Where hollows are looked for; ``None`` where that would cost as much as going down."""
        stages = self._generator.stages
        fitting = [level for level in self._levels if stages[level].resolution <= _EXPLORED]
        found = max(fitting, default=None)
        is_too_small = (
            found != self._levels[-1] and found is not None and stages[found].resolution * 2 <= _EXPLORED
        )
        return None if is_too_small else found

    def _w_budgets(self, explored: int | None) -> list[tuple[int, int]]:
        """Evaluations of the rung in z or w at each size, the explored ones left out."""
        finer = [level for level in self._levels if explored is None or level > explored]
        return _budgets(finer or self._levels[-1:], self._settings.w_steps)

    def _explore(self, name: RungName, space: SpaceName, free: Tensor, level: int) -> Tensor:
        """Adam with a large, falling rate and shrinking random steps; never ends worse than it began.

        The course of both is that of Karras et al. 2020 (StyleGAN2, appendix D), but along the axes of w and
        in its standard deviations, where one rate suits all directions, and with the model's own noise.
        """
        steps = self._settings.explore_steps
        rng = torch.Generator().manual_seed(self._settings.seed)
        found = free.detach().clone().requires_grad_()
        optimizer = torch.optim.Adam([found], lr=_EXPLORE_RATE)
        best = _Best(found)
        try:
            for index in range(steps):
                self._check_cancel()
                optimizer.param_groups[0]["lr"] = _EXPLORE_RATE * _course(index / steps)
                shake = _EXPLORE_SHAKE * max(0.0, 1 - index / steps / 0.75) ** 2 if index else 0.0
                with self._step(), torch.enable_grad():
                    place = found + shake * torch.randn(found.shape, generator=rng).to(found.device)
                    ws, prior = self._ws_of_free(place, space)
                    picture = picture_at(self._generator, ws, self._noise, stage=level)
                    losses, parts = picture_loss(picture, self._target, self._settings.weights)
                    loss = losses.sum() + prior
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    value = float(loss.detach())
                    if not _is_finite(value, found):
                        raise _Stopped
                    best.take(value, place)
                    optimizer.step()
                self._tell(name, value, parts, prior, picture, self._effort(level))
        except _Stopped:
            self._remark(_NOT_FINITE)
        except OutOfMemoryError:
            self._remark("There was no memory to look around for a good start.")
        except Cancelled:
            self._keep_free(name, space, best.values)
            raise
        return best.values

    def _is_mapped_z(self, space: SpaceName) -> bool:
        return space == "z" and self._generator.spec.has_mapping

    def _keep_free(self, name: RungName, space: SpaceName, free: Tensor) -> None:
        """Keep what was searched as a rung."""
        latent = free if self._is_mapped_z(space) else self._stats.to_w(free)
        self._keep(name, space, latent, self._rungs[-1].noise)

    def _effort(self, level: int) -> float:
        """About how long an evaluation at a level takes, of one at the full size."""
        stages = self._generator.stages
        share: float = (stages[level].resolution / stages[-1].resolution) ** _EFFORT_POWER
        return share

    def _minimise(self, name: RungName, space: SpaceName, free: Tensor, level: int, budget: int) -> Tensor:
        """L-BFGS (strong Wolfe, history of 20) at one size; smaller if there is no room for it."""
        found = free.detach().clone().requires_grad_()
        best = _Best(found)

        def evaluate() -> Tensor:
            self._check_cancel()
            optimizer.zero_grad()
            with self._step(), torch.enable_grad():
                ws, prior = self._ws_of_free(found, space)
                picture = picture_at(self._generator, ws, self._noise, stage=level)
                losses, parts = picture_loss(picture, self._target, self._settings.weights)
                loss = losses.sum() + prior
                loss.backward()  # type: ignore[no-untyped-call]
            value = float(loss.detach())
            if not _is_finite(value, found):
                raise _Stopped
            best.take(value, found)
            self._tell(name, value, parts, prior, picture, self._effort(level))
            return loss.detach()

        optimizer = torch.optim.LBFGS(
            [found], lr=1, max_iter=budget, max_eval=budget, history_size=20, line_search_fn="strong_wolfe",
            tolerance_grad=0, tolerance_change=0,
        )  # fmt: skip
        try:
            optimizer.step(evaluate)  # type: ignore[no-untyped-call]
        except _Stopped:
            self._remark(_NOT_FINITE)
        except OutOfMemoryError:
            index = self._levels.index(level)
            if index == 0:
                raise
            smaller = self._levels[index - 1]
            self._levels = self._levels[:index]
            side = self._generator.stages[smaller].resolution
            self._remark(
                f"There was no memory for pictures of this size; searched with {side} pixels instead."
            )
            return self._minimise(name, space, best.values, smaller, budget)
        except Cancelled:
            # What was found so far counts, whole rung or not.
            self._keep_free(name, space, best.values)
            raise
        return best.values

    def _ws_of_free(self, free: Tensor, space: SpaceName) -> tuple[Tensor, Tensor]:
        """The ws of what is searched, and what its being unusual costs."""
        weights, stats = self._settings.weights, self._stats
        num_ws = self._generator.spec.num_ws
        if self._is_mapped_z(space):
            ws = self._generator.map(free[None], one_hot(self._generator, self._class_idx, 1))
            return ws, weights.prior * (free.square().mean() - 1).square()
        prior = weights.prior * free.square().mean()
        if free.ndim == 2:
            middle = free.mean(0, keepdim=True)
            prior = prior + weights.rows * (free - middle).square().mean()
        return ws_of(stats.to_w(free), num_ws), prior

    def _climb_noise(self, steps: int) -> None:
        """Latent and noise maps together, by Adam: L-BFGS gains nothing in so many numbers."""
        last = self._rungs[-1]
        device, stats = self._generator.device, self._stats
        space = last.space
        is_mapped_z = self._is_mapped_z(space)
        latent = last.latent.to(device)
        free = (latent if is_mapped_z else stats.to_whitened(latent)).clone().requires_grad_()
        maps = [None if one is None else one.detach().clone().requires_grad_() for one in self._noise]
        moving = [one for one in maps if one is not None]
        optimizer = torch.optim.Adam(
            [{"params": [free], "lr": 0.01}, {"params": moving, "lr": 0.02}], betas=(0.9, 0.99)
        )
        kept = self._noise
        level = self._levels[-1]
        best = _Best(free)
        best_maps = kept
        try:
            for index in range(steps):
                self._check_cancel()
                optimizer.zero_grad()
                with self._step(), torch.enable_grad():
                    ws, prior = self._ws_of_free(free, space)
                    picture = picture_at(self._generator, ws, tuple(maps), stage=level)
                    losses, parts = picture_loss(picture, self._target, self._settings.weights)
                    penalty = self._settings.weights.noise * noise_penalty(moving)
                    loss = losses.sum() + prior + penalty
                    loss.backward()  # type: ignore[no-untyped-call]
                    value = float(loss.detach())
                    if not _is_finite(value, free):
                        raise _Stopped
                    if best.take(value, free):
                        best_maps = tuple(None if one is None else one.detach().clone() for one in maps)
                    for group, rate in zip(optimizer.param_groups, (0.01, 0.02), strict=True):
                        group["lr"] = rate * min(1.0, 4 * (1 - index / steps))
                    optimizer.step()
                    with torch.no_grad():
                        for one in moving:
                            one.copy_(normalised_noise(one))
                self._tell("noise", value, {**parts, "noise": penalty.detach()[None]}, prior, picture, 1.0)
        except (_Stopped, OutOfMemoryError) as error:
            self._remark(
                "Noise was left as it was: "
                + ("no memory for it." if isinstance(error, OutOfMemoryError) else "numbers were not finite.")
            )
        finally:
            values = best.values if is_mapped_z else stats.to_w(best.values)
            self._keep("noise", space, values, best_maps if best_maps is not kept else last.noise)

    # Keeping
    # -------------------------------------------------------------------------------------------------

    def _keep(self, name: RungName, space: SpaceName, latent: Tensor, noise: NoiseMaps | None) -> None:
        """Score a rung; if it is worse than the last, the last one is carried over."""
        latent = latent.detach()
        with self._step(), torch.no_grad():
            ws, whitened = self._final_ws(latent, space)
            maps = self._generator.noise_maps("const") if noise is None else noise
            maps = tuple(None if one is None else one.to(self._generator.device) for one in maps)
            picture = self._generator.synthesize(ws, noise=maps)
            sigmas = float(self._stats.sigmas(ws[0]).mean())
            middle = whitened.mean(0, keepdim=True)
            rows = float((whitened - middle).square().mean().sqrt())
            score = score_picture(picture, self._target, sigmas=sigmas, rows=rows)
        rung = Rung(
            name,
            space,
            latent.cpu(),
            None if noise is None else tuple(None if one is None else one.detach().cpu() for one in noise),
            picture.cpu(),
            score,
            time.perf_counter() - self._began,
            self._evaluations,
        )
        if self._rungs and rung.score.error > self._rungs[-1].score.error * (1 + _TOLERANCE):
            last = self._rungs[-1]
            if space == "w+" and last.space != "w+":
                rows_of_last = ws_of(last.latent, self._generator.spec.num_ws)[0].contiguous()
                last = replace(last, space="w+", latent=rows_of_last)
            rung = replace(last, name=name, seconds=rung.seconds, evaluations=rung.evaluations)
        self._rungs.append(rung)
        if noise is not None and rung.noise is not None:
            self._noise = tuple(None if one is None else one.to(self._generator.device) for one in rung.noise)

    def _final_ws(self, latent: Tensor, space: SpaceName) -> tuple[Tensor, Tensor]:
        if self._is_mapped_z(space):
            ws = self._generator.map(latent[None], one_hot(self._generator, self._class_idx, 1))
        else:
            ws = ws_of(latent, self._generator.spec.num_ws)
        return ws, self._stats.to_whitened(ws[0])

    def _remark(self, sentence: str) -> None:
        if sentence not in self._remarks:
            log.warning("%s", sentence)
            self._remarks.append(sentence)

    def _tell(
        self,
        name: RungName,
        value: float,
        parts: dict[str, Tensor],
        prior: Tensor,
        picture: Tensor,
        effort: float,
    ) -> None:
        self._evaluations += 1
        self._done += effort
        elapsed = max(time.perf_counter() - self._began, 1e-6)
        fraction = min(1.0, self._done / max(self._planned, 1e-6))
        losses = {key: float(part.detach().sum()) for key, part in parts.items()}
        self._report(
            Look(
                name,
                fraction,
                {"loss": value, **losses, "prior": float(prior.detach())},
                picture.detach()[:1].cpu(),
                self._evaluations / elapsed,
                max(0.0, self._planned - self._done) * elapsed / self._done,
            )
        )


class _Best:
    """The best values seen in a search."""

    def __init__(self, values: Tensor) -> None:
        self.values = values.detach().clone()
        self.loss = float("inf")

    def take(self, loss: float, values: Tensor) -> bool:
        """Keep these values if they are better."""
        if loss >= self.loss:
            return False
        self.loss = loss
        self.values = values.detach().clone()
        return True


def _is_finite(value: float, values: Tensor) -> bool:
    gradient = values.grad
    return (
        value == value
        and abs(value) != float("inf")
        and (gradient is None or bool(gradient.isfinite().all()))
    )


def _with_no_rung_after_z(settings: ProjectionSettings) -> ProjectionSettings:
    """What the rung in w+ would have had goes to the only one there is, and to looking around."""
    rest = settings.w_plus_steps
    explore_steps = settings.explore_steps + rest if settings.explore_steps else 0
    return replace(settings, explore_steps=explore_steps, w_steps=settings.w_steps + rest, w_plus_steps=0)


def _course(share: float) -> float:
    """Of the largest rate: up over the first twentieth, down by a cosine over the last quarter."""
    ramp = 0.5 - 0.5 * math.cos(min(1.0, (1 - share) / 0.25) * math.pi)
    return ramp * min(1.0, 0.02 + share / 0.05)


def _budgets(levels: list[int], steps: int) -> list[tuple[int, int]]:
    """Which stage gets how many evaluations: the coarse ones together a little less than half."""
    before = levels[:-1]
    share = max(1, round(steps * _COARSE_SHARE / len(before))) if before else 0
    return [*((level, share) for level in before), (levels[-1], max(1, steps - share * len(before)))]
