"""What a check does with what it finds."""

from __future__ import annotations


def require(condition: bool, sentence: str) -> None:
    """Go on if the condition holds.

    Raises:
        AssertionError: with the sentence, if it does not.
    """
    if not condition:
        raise AssertionError(sentence)
