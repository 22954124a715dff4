"""WarpSettings: everything that decides what a training of warp paths gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.rows import parse_rows
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.core.spec import GeneratorSpec

WarpSpace = Literal["z", "w"]
WarpStart = Literal["random", "components", "independent"]


@dataclass(frozen=True, slots=True)
class WarpSettings:
    """What to train and how; the defaults are the published ones.

    Attributes:
        space: z before the mapping network, or w after it.
        support_sets: K, how many paths.
        dipoles: D, pairs of support vectors of each path.
        gamma: inverse squared width of the basis functions at the start; ``None`` is 1 / dim.
        learn_alphas: whether the vectors' weights are learned.
        learn_gammas: whether each path learns its gamma.
        support_set_lr: Adam's learning rate for the paths.
        reconstructor: the network that tells paths apart, ``LeNet`` or ``ResNet``.
        reconstructor_lr: Adam's learning rate for it.
        min_shift_magnitude: shortest shift shown to it, in units of the space; above 0.
        max_shift_magnitude: longest; at least the shortest.
        lambda_cls: weight of telling the path.
        lambda_reg: weight of telling the magnitude.
        batch_size: pairs of pictures in a step, over all processes together.
        iterations: steps in all.
        z_truncation: draw z from a normal cut off at this; ``None`` for none.
        truncation_psi: how far w is pulled to the average before it is shifted; w space and mapped z alike.
        classes: labels to draw from where the model has classes; empty for all of them.
        picture_size: side of the pictures compared, in pixels; ``None`` for the model's own.
        code_pool: draw latents from a fixed pool of so many, whose pictures are rendered once; 0 draws anew.
        start: ``random`` support vectors as published; ``components``: path k begins along the k-th
            principal component of the model's own latents; ``independent``: along the k-th independent one.
        rows: which rows of ws paths move, such as ``("0-3=8", "4-13=12")``: for each group of rows its share
            of the paths, 1 when not said. Empty: every path moves all rows, as published.
        seed: of everything that is drawn.
        log_every: iterations between two entries of the statistics.
        checkpoint_every: iterations between two checkpoints.
    """

    space: WarpSpace
    support_sets: int
    dipoles: int
    gamma: float | None = None
    learn_alphas: bool = False
    learn_gammas: bool = False
    support_set_lr: float = 1e-4
    reconstructor: Literal["LeNet", "ResNet"] = "ResNet"
    reconstructor_lr: float = 1e-4
    min_shift_magnitude: float = 0.25
    max_shift_magnitude: float = 0.45
    lambda_cls: float = 1.0
    lambda_reg: float = 0.25
    batch_size: int = 32
    iterations: int = 100_000
    z_truncation: float | None = None
    truncation_psi: float = 1.0
    classes: tuple[int, ...] = ()
    picture_size: int | None = None
    code_pool: int = 0
    start: WarpStart = "random"
    rows: tuple[str, ...] = ()
    seed: int = 0
    log_every: int = 10
    checkpoint_every: int = 1000

    def check(self, spec: GeneratorSpec) -> None:
        """Refuse what cannot be trained on a model.

        Raises:
            OptionError: naming the option and what it must be.
        """
        for flag, value in (
            ("--support-sets", self.support_sets),
            ("--dipoles", self.dipoles),
            ("--iterations", self.iterations),
            ("--log-every", self.log_every),
            ("--checkpoint-every", self.checkpoint_every),
        ):
            _require(value >= 1, flag, value, "at least 1")
        # The heads' batch norms have nothing to norm in a batch of one.
        _require(self.batch_size >= 2, "--batch-size", self.batch_size, "at least 2")
        for flag, rate in (
            ("--support-set-lr", self.support_set_lr),
            ("--reconstructor-lr", self.reconstructor_lr),
            ("--min-shift-magnitude", self.min_shift_magnitude),
            ("--max-shift-magnitude", self.max_shift_magnitude),
        ):
            _require(math.isfinite(rate) and rate > 0, flag, rate, "greater than 0")
        _require(
            self.max_shift_magnitude >= self.min_shift_magnitude,
            "--max-shift-magnitude",
            self.max_shift_magnitude,
            f"at least --min-shift-magnitude, {self.min_shift_magnitude:g}",
        )
        for flag, weight in (("--lambda-cls", self.lambda_cls), ("--lambda-reg", self.lambda_reg)):
            _require(math.isfinite(weight) and weight >= 0, flag, weight, "0 or greater")
        for flag, bound in (("--gamma", self.gamma), ("--z-truncation", self.z_truncation)):
            if bound is not None:
                _require(math.isfinite(bound) and bound > 0, flag, bound, "greater than 0")
        for label in self.classes:
            if not spec.c_dim:
                raise OptionError("--classes", "--classes is given, but this model has no classes.")
            _require(0 <= label < spec.c_dim, "--classes", label, f"from 0 to {spec.c_dim - 1}")
        _require(self.code_pool >= 0, "--code-pool", self.code_pool, "0 or greater")
        if self.space == "w" and not spec.has_mapping:
            raise OptionError(
                "--space",
                "--space is w, but this model has no mapping network.",
                hint="Its pictures come from z directly: take --space z.",
            )
        if self.rows and self.space == "z":
            raise OptionError(
                "--rows",
                "--rows is given, but in z all rows move together.",
                hint="Take --space w, or no --rows.",
            )
        for rows, _ in self.row_groups:
            _require(rows[-1] < spec.num_ws, "--rows", rows[-1], f"from 0 to {spec.num_ws - 1}")
        if self.start == "independent" and self.space == "z":
            raise OptionError(
                "--start",
                "--start is independent, but in z no direction is other than the rest.",
                hint="Take --space w where the model has it, or --start random.",
            )
        if self.start != "random" and self.support_sets > self.dim(spec):
            raise OptionError(
                "--start",
                f"--start is {self.start}, but there are {self.support_sets} paths and only {self.dim(spec)} "
                "components.",
                hint="Take --start random, or fewer paths.",
            )
        side = self.picture_size or spec.resolution
        _require(side >= 32, "--picture-size", side, "at least 32 px, or the reconstructor sees nothing")
        _require(side <= spec.resolution, "--picture-size", side, f"at most the model's {spec.resolution} px")

    def dim(self, spec: GeneratorSpec) -> int:
        """Numbers in a latent of the space."""
        return spec.z_dim if self.space == "z" else spec.w_dim

    @property
    def latent_space(self) -> Space:
        """The space as the rest of the program names it."""
        return Space.Z if self.space == "z" else Space.W

    @property
    def row_groups(self) -> tuple[tuple[tuple[int, ...], int], ...]:
        """Groups of rows and how many paths move each, in the order of the paths; empty where all move all.

        Raises:
            OptionError: a group cannot be read.
        """
        groups = [_group(text) for text in self.rows]
        total, passed, ends = sum(share for _, share in groups), 0, [0]
        for _, share in groups:
            passed += share
            ends.append(round(self.support_sets * passed / total))
        return tuple((rows, ends[k + 1] - ends[k]) for k, (rows, _) in enumerate(groups))

    def rows_of_paths(self) -> tuple[tuple[int, ...] | None, ...]:
        """For each path the rows it moves; ``None`` is all of them."""
        if not self.rows:
            return (None,) * self.support_sets
        return tuple(rows for rows, count in self.row_groups for _ in range(count))

    def to_record(self) -> dict[str, object]:
        """JSON's types, by field."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"classes": list(self.classes), "rows": list(self.rows)}

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> WarpSettings:
        """What ``to_record`` gave.

        Raises:
            InputError: a field is missing or unknown.
        """
        try:
            # Trainings of older versions move all rows and do not say so.
            known = {"rows": (), **record}
            values = {field.name: known[field.name] for field in fields(cls)}
            for name in ("classes", "rows"):
                values[name] = tuple(values[name])  # type: ignore[arg-type]
            return cls(**values)  # type: ignore[arg-type]
        except (KeyError, TypeError) as error:
            raise InputError(
                "The settings of this training are damaged or of another version.",
                hint="Start a new training; the paths it has so far can still be opened.",
            ) from error


#: May differ when a training goes on: they decide how long and how often, not what is learned.
FREE_TO_CHANGE = ("iterations", "log_every", "checkpoint_every")


def differences(before: WarpSettings, now: WarpSettings) -> list[str]:
    """What two settings disagree on that must not change within one training, each as a few words."""
    return [
        f"--{field.name.replace('_', '-')} was {_shown(old)} and is now {_shown(new)}"
        for field in fields(WarpSettings)
        if field.name not in FREE_TO_CHANGE
        and (old := getattr(before, field.name)) != (new := getattr(now, field.name))
    ]


def _group(text: str) -> tuple[tuple[int, ...], int]:
    """Rows and their share of the paths, from text such as ``0-3=8``."""
    rows, sign, share = text.partition("=")
    if sign and not (share.isascii() and share.isdigit() and int(share) >= 1):
        raise OptionError(
            "--rows", f"--rows is {text}, but after = comes a share of the paths, a whole number from 1 on."
        )
    return parse_rows(rows, option="--rows"), int(share) if sign else 1


def _shown(value: object) -> str:
    match value:
        case None:
            return "not given"
        case bool():
            return "on" if value else "off"
        case tuple():
            return ",".join(str(one) for one in value) or "not given"
        case float():
            return f"{value:g}"
    return str(value)


def _require(holds: bool, flag: str, value: object, wanted: str) -> None:
    if not holds:
        raise OptionError(flag, f"{flag} is {_shown(value)}, but must be {wanted}.")
