"""Where things stand on the latent map: the picture, photos, keys and the walk between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.app.latent_map import flat
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.plane_shapes import evenly_along, is_closed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.base_blend import AnyBase
    from latent_studio.core.edits import EditStack
    from latent_studio.core.latent import Latent
    from latent_studio.core.session import Session
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.core.timeline import Timeline
    from latent_studio.engine.engine import Engine

#: Moments of a film that its walk is drawn through.
_MOMENTS = 240
#: Seconds between keys that a drawn path becomes.
STEP_SECONDS = 2.0
#: Keys a drawn path may become.
FEWEST_KEYS, MOST_KEYS = 2, 60


@dataclass(frozen=True, slots=True, eq=False)
class MapPlaces:
    """What stands on the map besides samples.

    Attributes:
        ws: ``(num_ws, w_dim)`` float32 of the picture's base at full variety.
        here: ``(dim,)``: the same as one latent.
        edited: ``(dim,)``: with its edits; equal to ``here`` without any.
        photos: ``(P, dim)``, of projections that fit the model.
        photo_names: of them.
        keys: ``(K, dim)``, of the timeline's pictures.
        key_ids: of them.
        walk: ``(M, dim)``, along the film.
    """

    ws: NDArray[np.float32]
    here: NDArray[np.float32]
    edited: NDArray[np.float32]
    photos: NDArray[np.float32]
    photo_names: tuple[str, ...]
    keys: NDArray[np.float32]
    key_ids: tuple[int, ...]
    walk: NDArray[np.float32]


def find_places(engine: Engine, session: Session, *, known: MapPlaces | None = None) -> MapPlaces:
    """Ask the open model where everything in a session stands.

    Keys and photos that do not fit the model are left out.

    Args:
        engine: renders the session's model.
        session: what is shown.
        known: places of photos, keys and walk that still hold: only the picture has moved.

    Raises:
        LatentStudioError: the session itself does not fit the model.
    """
    from latent_studio.core.edits import EditStack

    finder = _Finder(engine, session.synthesis)
    ws = finder.ws(session.base, EditStack())
    here = finder.flat(ws)
    edited = finder.flat(finder.ws(session.base, session.edits)) if len(session.edits) else here
    if known is not None:
        return replace(known, ws=ws, here=here, edited=edited)
    photos = [(photo.name, finder.place(photo.latent)) for photo in session.projections]
    keys = [(key.id, finder.place(key.pose.base)) for key in session.timeline.keys]
    fitting = [(name, place) for name, place in photos if place is not None]
    standing = [(id, place) for id, place in keys if place is not None]
    walk = finder.walk(session.timeline) if len(standing) == len(keys) > 1 else []
    return MapPlaces(
        ws,
        here,
        edited,
        _stacked([place for _, place in fitting], here),
        tuple(name for name, _ in fitting),
        _stacked([place for _, place in standing], here),
        tuple(id for id, _ in standing),
        _stacked(walk, here),
    )


class _Finder:
    """Resolves places at full variety, each once."""

    def __init__(self, engine: Engine, synthesis: SynthesisSettings) -> None:
        spec = engine.spec
        assert spec is not None  # noqa: S101 -- the map shows an open model
        self._engine, self._spec = engine, spec
        self._synthesis = replace(synthesis, truncation_psi=1.0)
        self._known: dict[AnyBase, NDArray[np.float32] | None] = {}

    def ws(self, base: AnyBase, edits: EditStack) -> NDArray[np.float32]:
        from latent_studio.core.render import RenderRequest

        return self._engine.resolve_ws(RenderRequest(0, base, edits, self._synthesis))

    def flat(self, ws: NDArray[np.float32]) -> NDArray[np.float32]:
        return flat(ws, self._spec)

    def place(self, base: AnyBase) -> NDArray[np.float32] | None:
        from latent_studio.core.edits import EditStack

        if base not in self._known:
            try:
                self._known[base] = self.flat(self.ws(base, EditStack()))
            except LatentStudioError:
                self._known[base] = None
        return self._known[base]

    def walk(self, timeline: Timeline) -> list[NDArray[np.float32]]:
        from latent_studio.core.base_blend import BaseBlend
        from latent_studio.core.timeline_course import course_of

        course = course_of(timeline)
        found = []
        for seconds in np.linspace(timeline.keys[0].seconds, timeline.duration, _MOMENTS):
            base = course.at(float(seconds)).base
            if isinstance(base, BaseBlend) and base.course == "w" and self._spec.has_mapping:
                # A blend of w's is one of their places: nothing has to be asked of the model.
                parts = [(self.place(part), weight) for part, weight in base.parts]
                if any(place is None for place, _ in parts):
                    return []
                found.append(np.sum([weight * place for place, weight in parts if place is not None], axis=0))
                continue
            place = self.place(base)
            if place is None:
                return []
            found.append(place)
        return found


def _stacked(places: Sequence[NDArray[np.float32]], like: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack(places).astype(np.float32) if places else np.zeros((0, len(like)), np.float32)


def stops_on_path(
    path: NDArray[np.float64], scale: tuple[float, float], count: int
) -> tuple[NDArray[np.float64], bool]:
    """Places on a drawn path at even distances, as the hand saw them.

    Args:
        path: ``(M, 2)`` in the map's units.
        scale: pixels per unit across and up.
        count: places.

    Returns:
        ``(count, 2)``, and whether the path goes round; a path of no length has one place.
    """
    drawn = path * np.asarray(scale)
    closed = is_closed(drawn)
    return evenly_along(drawn, count, closed=closed) / np.asarray(scale), closed


def with_path(session: Session, bases: Sequence[Latent], *, names: Sequence[str], closed: bool) -> Timeline:
    """The session's timeline with a drawn path after what is there.

    Each key has the sliders and settings of the picture.

    Args:
        session: whose picture and timeline.
        bases: places on the path, in order.
        names: of the keys.
        closed: the path goes round; only said of the timeline when it holds nothing else.

    Raises:
        OptionError: the timeline has no room.
    """
    from latent_studio.core.pose import Pose

    timeline, pose = session.timeline, Pose.of(session)
    start = 0.0 if timeline.is_empty else timeline.last_seconds + STEP_SECONDS
    was_empty = timeline.is_empty
    for index, (base, name) in enumerate(zip(bases, names, strict=True)):
        timeline = timeline.with_pose(
            start + index * STEP_SECONDS, replace(pose, base=base), name=name, model=session.model
        )
    if closed and was_empty:
        timeline = replace(timeline, loop="closed", closing_seconds=STEP_SECONDS)
    return timeline
