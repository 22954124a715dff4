"""Lists of rows and seeds as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.errors import OptionError
from latent_studio.core.rows import format_rows, parse_rows, parse_seeds


def test_numbers_and_ranges_mix() -> None:
    assert parse_rows("0-3,8") == (0, 1, 2, 3, 8)
    assert parse_rows(" 5 ,  1 - 2 ") == (1, 2, 5)


def test_rows_come_sorted_and_once_but_seeds_keep_their_order() -> None:
    assert parse_rows("8,0-1,1") == (0, 1, 8)
    assert parse_seeds("40,0-2,1") == (40, 0, 1, 2)


@pytest.mark.parametrize("text", ["", ",", "a", "1,", "-1", "1--2", "1.5", "0x3", "٣", "1-2-3", "all"])
def test_nonsense_is_refused_by_name(text: str) -> None:
    with pytest.raises(OptionError, match="--layers") as error:
        parse_rows(text)
    assert error.value.hint
    assert error.value.option == "--layers"


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(OptionError, match="backwards: 3-1"):
        parse_rows("3-1")


def test_numbers_beyond_the_limits_are_refused() -> None:
    with pytest.raises(OptionError, match="below 1024"):
        parse_rows("2000")
    with pytest.raises(OptionError, match="below 4294967296"):
        parse_seeds("4294967296")
    assert parse_seeds("4294967295") == (4294967295,)
    with pytest.raises(OptionError):
        parse_rows("9" * 10_000)


def test_a_list_too_long_for_memory_is_refused_at_once() -> None:
    with pytest.raises(OptionError, match="more than 1000000"):
        parse_seeds("0-4294967295")


@given(st.sets(st.integers(0, 40), min_size=1))
def test_written_rows_read_back_the_same(rows: set[int]) -> None:
    assert parse_rows(format_rows(rows)) == tuple(sorted(rows))
