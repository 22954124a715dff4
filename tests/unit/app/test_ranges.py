import pytest

from latent_studio.app.paths import Paths
from latent_studio.app.ranges import SliderRanges
from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space

X = LinearDirection("x", "e0", Space.W, [1], suggested_range=(-3, 3))


def test_uneven_ends_are_remembered_for_the_model(tmp_path):
    paths = Paths.in_profile(tmp_path)
    SliderRanges(paths, "ab" * 32).set(X, -1, 8)
    assert SliderRanges(paths, "ab" * 32).of(X) == (-1, 8)
    assert SliderRanges(paths, "cd" * 32).of(X) == (-3, 3)


def test_reset_goes_back_to_the_suggestion(tmp_path):
    ranges = SliderRanges(Paths.in_profile(tmp_path), "ab" * 32)
    ranges.set(X, -1, 8)
    ranges.reset(X)
    assert ranges.of(X) == (-3, 3)


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (float("nan"), 1), (0, float("inf"))])
def test_ends_that_are_no_range_are_refused(tmp_path, ends):
    ranges = SliderRanges(Paths.in_profile(tmp_path), "ab" * 32)
    with pytest.raises(ValueError, match="low < high"):
        ranges.set(X, *ends)


def test_a_damaged_file_leaves_the_suggestions(tmp_path):
    paths = Paths.in_profile(tmp_path)
    (paths.data / "ranges").mkdir(parents=True)
    (paths.data / "ranges" / f"{('ab' * 32)[:32]}.json").write_text("[1]")
    assert SliderRanges(paths, "ab" * 32).of(X) == (-3, 3)
