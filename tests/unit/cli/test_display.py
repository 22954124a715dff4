"""Is there a screen?"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from latent_studio.cli import display
from latent_studio.cli.display import NoDisplayError, check_display

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Displays on which an X server answers."""
    names = [":0"]
    monkeypatch.setattr(display, "_answers", lambda name: name in names)
    return names


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DISPLAY": ""},
        {"DISPLAY": ":7"},
        {"QT_QPA_PLATFORM": "xcb"},
        {"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": "wayland-0"},
        {"QT_QPA_PLATFORM": "wayland"},
    ],
)
def test_without_a_screen_it_says_so_and_what_to_do(
    environment: dict[str, str], answering: list[str]
) -> None:
    with pytest.raises(NoDisplayError) as error:
        check_display(environment, platform="linux")
    for words in ("xvfb-run", "make run", "demo"):
        assert words in error.value.hint


@pytest.mark.parametrize(
    "environment",
    [
        {"DISPLAY": ":0"},
        {"WAYLAND_DISPLAY": "wayland-0"},
        {"QT_QPA_PLATFORM": "offscreen"},
        {"QT_QPA_PLATFORM": "minimal:enable_fonts"},
        {"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":0"},
        {"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":0"},
    ],
)
def test_with_a_screen_it_says_nothing(environment: dict[str, str], answering: list[str]) -> None:
    check_display(environment, platform="linux")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_always_have_one(platform: str) -> None:
    check_display({}, platform=platform)


@pytest.fixture
def local_server() -> Iterator[int]:
    """The display number of a socket that listens where an X server would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        for number in range(4000, 4100):
            try:
                server.bind(f"\0/tmp/.X11-unix/X{number}")
            except OSError:
                continue
            server.listen()
            yield number
            return


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
def test_a_server_that_listens_answers_and_one_that_is_gone_does_not(local_server: int) -> None:
    assert display._answers(f":{local_server}")
    assert display._answers(f"unix:{local_server}.0")
    assert not display._answers(":4999")


def test_a_remote_server_is_asked_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert not display._answers("localhost:10.0")
    assert asked == [("localhost", 6010)]


def test_names_of_another_kind_are_left_to_qt() -> None:
    assert display._answers("/private/tmp/launch/org.xquartz:0")
