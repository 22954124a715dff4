from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.easing import Easing
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import DamagedSessionError
from latent_studio.core.latent import Latent
from latent_studio.core.pose import Pose
from latent_studio.core.records import Attachments, Reader, record_of
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.session_record import CODECS, session_from_record, session_to_record
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import NOISE_MODES, SynthesisSettings
from latent_studio.core.timeline import Marker, PoseKey, Timeline, Track, ValueKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMILE = LinearDirection(
    "boundary:smile",
    "smile",
    Space.W,
    np.linspace(-1, 1, 8, dtype=np.float32),
    rows=(2, 3),
    sigma=1.5,
    suggested_range=(-2.0, 5.0),
    info=DirectionInfo("boundary", "ab" * 32, {"accuracy": 0.93, "n": 12, "how": "svm"}),
)
TURN = LinearDirection("sefa:1", "e1", Space.W_PLUS, np.eye(4, 8, dtype=np.float32))

numbers = st.floats(-1e6, 1e6, allow_nan=False)
edits = st.lists(
    st.builds(
        Edit,
        st.sampled_from([SMILE, TURN]),
        numbers,
        st.none() | st.tuples(st.integers(0, 3)),
        st.booleans(),
    ),
    max_size=2,
    unique_by=lambda edit: edit.id,
).map(lambda found: EditStack(tuple(found)))
bases = st.builds(
    SeedPoint, st.integers(0, 2**32 - 1), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True)
) | st.builds(lambda x: Latent(Space.W_PLUS, np.full((4, 8), x)), st.floats(-9, 9, width=32))
easings = st.sampled_from([Easing(), Easing("back", "out"), Easing("bezier", points=(0.1, -1.0, 0.9, 2.0))])
poses = st.builds(Pose, base=bases, edits=edits, locks=st.just((TURN,)))
keys = st.builds(
    PoseKey,
    id=st.integers(1, 9),
    seconds=st.floats(0, 99),
    pose=poses,
    easing=easings,
    name=st.text(max_size=5),
    model=st.none() | st.just(ModelRef("cats", "", "ab")),
)
tracks = st.sampled_from(
    [
        (),
        (Track("truncation_psi", (ValueKey(20, 0.5, 0.7), ValueKey(21, 1.5, 1.0))),),
        (
            Track("edit:sefa:1", (ValueKey(20, 0.5, 2.0),), TURN),
            Track("classes", (ValueKey(21, 1.0, ((1, 0.5), (4, 0.5))),), is_muted=True),
            Track("noise_mode", (ValueKey(22, 1.0, "random"), ValueKey(23, 2.0, "none"))),
        ),
    ]
)
timelines = st.builds(
    Timeline,
    keys=st.lists(keys, max_size=2, unique_by=lambda key: key.id).map(
        lambda found: tuple(replace(key, seconds=key.seconds + 100 * i) for i, key in enumerate(found))
    ),
    tracks=tracks,
    modes=st.sampled_from([(), (("base", "natural"), ("truncation_psi", "hold"))]),
    loop=st.sampled_from(["once", "closed", "ping-pong"]),
    speed=st.sampled_from(["keyed", "segments", "whole"]),
    fps=st.floats(1, 60),
    work=st.none() | st.just((0.5, 2.0)),
    markers=st.sampled_from([(), (Marker(1.0, "here"),)]),
)
sessions = st.builds(
    Session,
    model=st.none() | st.builds(ModelRef, st.text(max_size=9), st.text(max_size=9), st.text(max_size=9)),
    base=bases,
    edits=edits,
    synthesis=st.builds(
        SynthesisSettings,
        truncation_psi=numbers,
        truncation_cutoff=st.none() | st.integers(0, 18),
        noise_mode=st.sampled_from(NOISE_MODES),
        noise_seed=st.integers(0, 2**32 - 1),
        class_idx=st.none() | st.integers(0, 999),
        class_blend=st.lists(st.tuples(st.integers(0, 9), numbers), max_size=3).map(tuple),
    ),
    locks=st.lists(st.sampled_from([SMILE, TURN]), max_size=2).map(tuple),
    mix=st.none() | st.builds(StyleMix, bases, st.lists(st.integers(0, 3), max_size=4).map(tuple), numbers),
    timeline=timelines,
    watches_person=st.booleans(),
)


def test_every_field_of_a_session_has_a_codec():
    """Who adds a field to ``Session`` adds its line to ``CODECS``, or documents are saved without it."""
    assert list(CODECS) == [field.name for field in fields(Session)]


@given(sessions)
def test_a_session_comes_back_equal_through_json(session: Session):
    record, arrays = session_to_record(session)
    back = session_from_record(json.loads(json.dumps(record)), arrays)

    assert back == session
    for old, new in zip(session.edits, back.edits, strict=True):
        assert new.direction.name == old.direction.name
        assert new.direction.sigma == old.direction.sigma
        assert new.direction.suggested_range == old.direction.suggested_range
        assert new.direction.info == old.direction.info


def test_the_same_session_gives_the_same_record_and_shares_arrays():
    session = Session(edits=EditStack((Edit(SMILE, 1.0), Edit(TURN, 2.0))))
    first, second = session_to_record(session), session_to_record(replace(session))

    assert first[0] == second[0]
    assert list(first[1]) == list(second[1])


def test_a_field_that_is_missing_has_its_default():
    assert session_from_record({}, {}) == Session()
    assert session_from_record({"synthesis": {"noise_seed": 5}}, {}).synthesis == SynthesisSettings(
        noise_seed=5
    )


def good() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    session = Session(
        ModelRef("cats", "cats.safetensors", "ab"),
        Latent(Space.W, np.ones(8)),
        EditStack((Edit(SMILE, 1.0),)),
    )
    record, arrays = session_to_record(session)
    return json.loads(json.dumps(record)), arrays


def spoil(record: dict[str, Any], path: str, value: object) -> None:
    *way, last = path.split("/")
    at: Any = record
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[last] = value


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("model", 3, "model"),
        ("model/name", 3, "model.name"),
        ("model/size", 3, "model.size"),
        ("base", [], "base"),
        ("base", {"seed": -1, "dx": 0.0, "dy": 0.0}, "base"),
        ("base", {"seed": 1.5, "dx": 0.0, "dy": 0.0}, "base.seed"),
        ("base", {"seed": True}, "base.seed"),
        ("base/space", "q", "base.space"),
        ("base/values", {"array": "nowhere"}, "nowhere"),
        ("base/values", None, "base.values"),
        ("base/more", 1, "base.more"),
        ("edits", {}, "edits"),
        ("edits/0/amount", "far", "edits[0].amount"),
        ("edits/0/amount", float("nan"), "edits[0].amount"),
        ("edits/0/amount", 10**400, "edits[0].amount"),
        ("edits/0/rows", [-1], "edits[0].rows[0]"),
        ("edits/0/enabled", 1, "edits[0].enabled"),
        ("edits/0/direction", "nobody", "nobody"),
        ("synthesis/noise_mode", "loud", "synthesis.noise_mode"),
        ("synthesis/truncation_psi", None, "synthesis.truncation_psi"),
        ("synthesis/truncation_cutoff", "9", "synthesis.truncation_cutoff"),
        ("synthesis/psi", 1.0, "synthesis.psi"),
        ("colour", "red", "colour"),
        ("directions", [], "directions"),
    ],
)
def test_a_value_changed_by_hand_is_named(path: str, value: object, named: str):
    record, arrays = good()
    spoil(record, path, value)

    with pytest.raises(DamagedSessionError) as error:
        session_from_record(record, arrays)
    assert named in error.value.title
    assert error.value.hint


@pytest.mark.parametrize("missing", ["kind?", "id", "space", "arrays", "range"])
def test_a_direction_with_something_missing_is_refused(missing: str):
    record, arrays = good()
    (direction,) = record["directions"].values()
    if missing == "kind?":
        direction["kind"] = "spiral"
    else:
        del direction[missing]

    with pytest.raises(DamagedSessionError):
        session_from_record(record, arrays)


def test_a_latent_that_is_not_finite_is_refused():
    record, arrays = good()
    arrays = {name: np.full_like(array, np.nan) for name, array in arrays.items()}

    with pytest.raises(DamagedSessionError):
        session_from_record(record, arrays)


def test_the_same_direction_twice_is_refused():
    record, arrays = good()
    record["edits"] *= 2

    with pytest.raises(DamagedSessionError, match="second time"):
        session_from_record(record, arrays)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    pair: tuple[int, float] = (1, 2.0)


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    colour: Colour = Colour.RED
    way: Literal["up", "down"] = "up"
    maybe: Inner | None = None


def test_dataclasses_are_read_by_their_annotations():
    value = Outer("x", Inner((3, 4.5)), (Inner(), Inner((0, 0.0))), maybe=Inner())
    attachments = Attachments()
    record = json.loads(json.dumps(record_of(value, attachments)))

    assert Reader(record, "", attachments).dataclass(Outer) == value
    with pytest.raises(DamagedSessionError, match="name is missing"):
        Reader({}, "", attachments).dataclass(Outer)
    with pytest.raises(DamagedSessionError, match=r"many\[1\]\.pair"):
        Reader({"name": "x", "many": [{}, {"pair": [1]}]}, "", attachments).dataclass(Outer)


def test_equal_arrays_are_kept_once_and_read_only_ones_stay_so():
    attachments = Attachments()
    first = attachments.put(np.ones((2, 3), np.float32))
    again = attachments.put(np.ones((2, 3), ">f4").astype(">f4"))
    other = attachments.put(np.ones((3, 2), np.float32))

    assert first == again != other
    assert [array.shape for array in attachments.arrays.values()] == [(2, 3), (3, 2)]
