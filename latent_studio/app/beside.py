"""A second model beside the open one, showing the same state as far as it can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latent_studio.core.edits import EditStack
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Base, ModelRef, Session
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.engine.engine import Engine

#: Its cache; the open model's sliders need theirs more.
_CACHE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, eq=False)
class BesideModel:
    """A model that pictures are compared with.

    Attributes:
        ref: name, place and hash.
        spec: facts about it.
        engine: its own, taking turns with the open model's.
    """

    ref: ModelRef
    spec: GeneratorSpec
    engine: Engine


def open_beside(
    studio: Studio, name_or_path: str | Path, progress: ProgressSink, cancel: CancelToken
) -> BesideModel:
    """Open a model beside the open one.

    Raises:
        CheckpointError: the file cannot be used.
        Cancelled: a stop was asked for.
    """
    model = studio.load_model(name_or_path, progress=progress, cancel=cancel)
    from latent_studio.engine.engine import Engine

    engine = Engine(studio.engine.choice, gate=studio.engine.gate, cache_bytes=_CACHE_BYTES)
    engine.swap(model.generator)
    return BesideModel(model.ref, model.spec, engine)


def session_beside(
    session: Session, spec: GeneratorSpec, *, other: GeneratorSpec, ref: ModelRef
) -> tuple[Session, str]:
    """A session as another model shows it: the same latent where the sizes fit, else the same seed.

    Edits, mix, locks and the centre of truncation come along where they fit; found noise does not.

    Args:
        session: of the open model.
        spec: of the open model.
        other: of the other model.
        ref: the other model.

    Returns:
        the session, and what is the same, for people: ``"same w"``.
    """
    base, words = _base_beside(session.base, spec, other)
    edits = EditStack(tuple(edit for edit in session.edits if _fits(edit.direction, edit.rows, other)))
    left_out = len(session.edits) - len(edits)
    if left_out:
        words += f", without {left_out} edit{'s' if left_out > 1 else ''}"
    old = session.synthesis
    cutoff = old.truncation_cutoff
    # Labels are the data set's: another number of classes is another data set.
    same_classes = spec.c_dim == other.c_dim
    synthesis = replace(
        old,
        truncation_cutoff=None if cutoff is None else min(cutoff, other.num_ws),
        class_idx=(old.class_idx if same_classes else 0) if other.c_dim else None,
        class_blend=old.class_blend if same_classes else (),
        translate_x=old.translate_x if other.can_move else 0.0,
        translate_y=old.translate_y if other.can_move else 0.0,
        rotate_degrees=old.rotate_degrees if other.can_move else 0.0,
        lod=None if old.lod is None or old.lod > other.highest_lod else old.lod,
        chosen_scale=old.chosen_scale if other.sizes == spec.sizes else None,
    )
    mix = session.mix
    if mix is not None:
        try:
            mix.check_fits(other)
            source, _ = _base_beside(mix.source, spec, other)
            mix = replace(mix, source=source)
        except IncompatibleLatentError:
            mix = None
    shown = replace(
        session,
        model=ref,
        base=base,
        edits=edits,
        synthesis=synthesis,
        locks=tuple(lock for lock in session.locks if _fits(lock, None, other)),
        mix=mix,
        noise=None,
        centre=session.centre if session.centre is not None and _is_of(session.centre, other) else None,
    )
    return shown, words


def _base_beside(base: Base, spec: GeneratorSpec, other: GeneratorSpec) -> tuple[Base, str]:
    if isinstance(base, SeedPoint):
        return base, "same z" if spec.z_dim == other.z_dim else "same seed, other sizes"
    if _is_of(base, other):
        return base, f"same {base.space.value}"
    if base.space is Space.W_PLUS and other.has_mapping and base.values.shape[1] == other.w_dim:
        return Latent(Space.W, base.values.mean(axis=0)), "mean of the same w+"
    return SeedPoint(0), "seed 0: the latent is of another size"


def _is_of(latent: Latent, spec: GeneratorSpec) -> bool:
    try:
        latent.check_fits(spec)
    except IncompatibleLatentError:
        return False
    return latent.space is Space.Z or spec.has_mapping


def _fits(direction: object, rows: tuple[int, ...] | None, spec: GeneratorSpec) -> bool:
    try:
        direction.check_fits(spec)  # type: ignore[attr-defined]
    except IncompatibleLatentError:
        return False
    return all(row < spec.num_ws for row in rows or ())
