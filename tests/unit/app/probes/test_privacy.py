from __future__ import annotations

from pathlib import Path

import pytest

from latent_studio.app.probes.privacy import place_name, without_places

HOME = Path("/home/anna")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/anna/x/y.pkl is cut", "~/x/y.pkl is cut"),
        ("/home/anna: full", "~: full"),
        ("/home/annabel/x", "…/x"),
        ("'/mnt/disk/secret/net.pt' is gone", "'…/net.pt' is gone"),
        ("see https://example.org/a/b/c", "see https://example.org/a/b/c"),
        ("docs/how-to/page.md and 3/4", "docs/how-to/page.md and 3/4"),
        ("128 px, 12 GFLOP/s", "128 px, 12 GFLOP/s"),
    ],
)
def test_only_places_are_shortened(text: str, expected: str) -> None:
    assert without_places(text, home=HOME) == expected


def test_a_home_at_the_root_hides_nothing_by_accident() -> None:
    assert without_places("3 / 4 of a/b", home=Path("/")) == "3 / 4 of a/b"


def test_a_folder_is_named_below_home_or_by_its_last_part() -> None:
    assert place_name(HOME / ".cache" / "latent-studio", home=HOME) == "~/.cache/latent-studio"
    assert place_name(Path("/mnt/my disk/anna/config"), home=HOME) == "…/config"
