import json

import numpy as np
import pytest

from latent_studio.core.direction_records import from_record, to_record
from latent_studio.core.directions import Direction, DirectionInfo, LinearDirection
from latent_studio.core.errors import InputError
from latent_studio.core.spaces import Space
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

INFO = DirectionInfo("boundary", "ab" * 32, {"accuracy": 0.93, "attribute": "smile", "folds": 5})
DIRECTIONS = [
    LinearDirection("a", "smile", Space.Z, [1.0, 2.0], info=INFO),
    LinearDirection(
        "b", "smile", Space.W_PLUS, np.ones((3, 2)), rows=(0, 2), sigma=2.5, suggested_range=(-1, 4)
    ),
    WarpPath(
        "c", "path 3", Space.W, SupportSet([[1.0, 2.0], [3.0, 4.0]], [1, -1], 0.25), rows=(1,), info=INFO
    ),
]


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda direction: direction.id)
def test_a_direction_comes_back_equal_through_json(direction: Direction):
    record, arrays = to_record(direction)
    back = from_record(json.loads(json.dumps(record)), arrays)
    assert back == direction
    for name in ("id", "name", "space", "rows", "sigma", "suggested_range", "info"):
        assert getattr(back, name) == getattr(direction, name)


@pytest.mark.parametrize(
    "damage",
    [
        {"rows": "all"},
        {"sigma": "wide"},
        {"range": [1]},
        {"space": "q"},
        {"kind": "spiral"},
        {"details": None},
    ],
)
def test_damaged_records_are_refused_in_one_sentence(damage: dict[str, object]):
    record, arrays = to_record(DIRECTIONS[0])
    with pytest.raises(InputError):
        from_record(record | damage, arrays)


def test_a_record_without_its_array_is_refused():
    record, _ = to_record(DIRECTIONS[0])
    with pytest.raises(InputError):
        from_record(record, {})
