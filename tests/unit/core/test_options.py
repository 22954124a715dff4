import dataclasses
from dataclasses import dataclass
from typing import Literal

import pytest

from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option, options_of


@dataclass(frozen=True)
class Example:
    name: str = option(help="A name.", positional=True)
    frames: int = option(60, help="How many.", unit="frames", low=2, high=1000)
    range: tuple[float, float] = option((-3.0, 3.0), help="Ends.")
    layers: tuple[int, ...] | None = option(None, help="Rows.", low=0)
    noise: Literal["const", "none"] = option("const", help="Noise.")
    hidden: int = 3


def test_options_describe_type_range_and_default():
    infos = {info.name: info for info in options_of(Example)}
    assert list(infos) == ["name", "frames", "range", "layers", "noise"]
    assert infos["name"].positional and infos["name"].default is dataclasses.MISSING
    assert (infos["frames"].type, infos["frames"].flag) == (int, "--frames")
    assert infos["frames"].range_text == "from 2 to 1000 frames"
    assert (infos["range"].many, infos["range"].count) == (True, 2)
    assert (infos["layers"].many, infos["layers"].count, infos["layers"].optional) == (True, 0, True)
    assert infos["noise"].choices == ("const", "none")


def test_good_values_pass():
    check_options(Example("a", frames=2, range=(-1, 5), layers=(0, 3)))


@pytest.mark.parametrize(
    ("change", "flag", "words"),
    [
        ({"frames": 1}, "--frames", "from 2 to 1000 frames"),
        ({"frames": 1001}, "--frames", "1001"),
        ({"range": (float("nan"), 1.0)}, "--range", "finite"),
        ({"range": (1.0, 2.0, 3.0)}, "--range", "2 values"),
        ({"layers": (-1,)}, "--layers", "at least 0"),
        ({"noise": "loud"}, "--noise", "one of const, none"),
    ],
)
def test_bad_values_are_refused_by_name_with_the_range(change, flag, words):
    with pytest.raises(OptionError, match=words) as caught:
        check_options(dataclasses.replace(Example("a"), **change))
    assert caught.value.option == flag
