"""Blends of classes are read as people write them, and written so that they read back the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.class_blend import format_blend, parse_blend
from latent_studio.core.errors import OptionError
from latent_studio.core.synthesis import SynthesisSettings, blend_of_two


def test_weights_are_scaled_to_add_up_to_one() -> None:
    assert parse_blend("3:1,7:3") == ((3, 0.25), (7, 0.75))


def test_classes_without_weights_get_equal_shares() -> None:
    assert parse_blend(" 3, 7 ") == ((3, 0.5), (7, 0.5))


@given(share=st.floats(0, 1))
def test_a_blend_reads_back_to_the_last_digit(share: float) -> None:
    blend = blend_of_two(2, 5, share)
    assert parse_blend(format_blend(blend)) == blend


@pytest.mark.parametrize(
    "text", ["", "a", "3:", "3:x", "3:nan", "3:inf", "3:0,4:0", "3:1,3:1", "-1", "9999999", "3:-1"]
)
def test_what_is_no_blend_is_refused(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_blend(text)
    assert caught.value.option == "--class-blend"


def test_a_single_class_has_all_the_weight() -> None:
    assert SynthesisSettings(class_idx=4).class_weights == ((4, 1.0),)
    assert SynthesisSettings().class_weights == ((0, 1.0),)
    assert SynthesisSettings(class_idx=4, class_blend=((1, 0.5), (2, 0.5))).class_weights == (
        (1, 0.5),
        (2, 0.5),
    )
