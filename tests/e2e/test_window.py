"""The real program in a real window, with a mouse and a keyboard, from the first paint to the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageSequence

from tests.e2e.xvfb import Screen, screen, wait_for  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(400)

#: Machines that run tests are busy: these only end a test that hangs.
STARTS_WITHIN_S = 120.0
ANSWERS_WITHIN_S = 60.0

Event = dict[str, object]


@dataclass
class Program:
    """The program in a process of its own, and what it says has happened."""

    process: subprocess.Popen[bytes]
    log: Path

    def events(self, kind: str | None = None) -> list[Event]:
        """What has happened so far, in order."""
        text = self.log.read_text() if self.log.exists() else ""
        # The last line may be half written.
        read = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [event for event in read if kind is None or event["event"] == kind]

    def last(self, kind: str) -> Event:
        """The newest event of a kind."""
        return self.events(kind)[-1]

    def wait_for(self, what: str, check: Callable[[], bool], within_s: float = ANSWERS_WITHIN_S) -> None:
        """Wait until something has happened; the program must live meanwhile."""

        def alive_and_done() -> bool:
            if check():
                return True
            assert self.process.poll() is None, f"the program ended with {self.process.returncode}"
            return False

        wait_for(alive_and_done, within_s=within_s, what=what)

    def wait_until_sharp(self) -> Event:
        """Wait until the newest picture is sharp and answers the newest session."""

        def is_sharp() -> bool:
            frames, sessions = self.events("frame"), self.events("session")
            return bool(
                frames
                and sessions
                and frames[-1]["quality"] == "final"
                and frames[-1]["revision"] >= sessions[-1]["revision"]
            )

        self.wait_for("sharp picture", is_sharp)
        return self.last("frame")

    def place(self, name: str) -> tuple[int, int, int, int]:
        """Where a widget is; waits until it is there."""
        self.wait_for(
            f"widget {name!r}", lambda: any(name in event["places"] for event in self.events("places")[-1:])
        )
        return tuple(self.last("places")["places"][name])

    def middle(self, name: str) -> tuple[int, int]:
        """The middle of a widget."""
        x, y, width, height = self.place(name)
        return x + width // 2, y + height // 2

    def close(self) -> int:
        """Wait for the program to end; gives its exit code."""
        return self.process.wait(ANSWERS_WITHIN_S)


@pytest.fixture
def start(screen: Screen, profile: Path, tmp_path: Path) -> Iterator[Callable[..., Program]]:  # noqa: F811
    """Start the program on the screen; it is killed when the test is over."""
    started: list[Program] = []

    def run(*words: str) -> Program:
        log = tmp_path / f"events-{len(started)}.jsonl"
        process = subprocess.Popen(
            [sys.executable, "-m", "latent_studio", "--profile", str(profile), *words],
            env={
                **os.environ,
                "DISPLAY": screen.name,
                "QT_QPA_PLATFORM": "xcb",
                "LATENT_STUDIO_EVENT_LOG": str(log),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        program = Program(process, log)
        started.append(program)
        return program

    yield run
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        said = program.process.communicate(timeout=20)[0].decode()
        assert "Traceback" not in said, said


def focus(screen: Screen) -> None:  # noqa: F811
    """Give the keyboard to the program: without a window manager nobody else does."""
    screen.act("windowfocus", screen.window("Latent Studio", within_s=STARTS_WITHIN_S))


def save(screen: Screen, folder: Path, name: str) -> None:  # noqa: F811
    """Photograph the screen once it keeps still."""
    path = folder / f"{name}.png"
    before, now = b"", b"-"
    for _ in range(50):
        before = now
        screen.grab(path)
        now = path.read_bytes()
        if before == now:
            return
    raise AssertionError(f"the screen never kept still for {name}")


def edge_brightness(picture: Path) -> int:
    """Of the window's background at its left edge, 0 to 255; a sheet over the window darkens it."""
    with Image.open(picture) as image:
        grey = image.convert("L")
        return int(grey.getpixel((3, grey.height // 2)))


def test_a_whole_journey_with_mouse_and_keyboard(
    screen: Screen,  # noqa: F811
    start: Callable[..., Program],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    repo_root: Path,
) -> None:
    shots = repo_root / "docs" / "images" if request.config.getoption("--save-screenshots") else tmp_path

    # The window comes first, torch after it.
    program = start()
    program.wait_for("painted window", lambda: bool(program.events("painted")), STARTS_WITHIN_S)
    assert program.last("painted")["torch_is_imported"] is False
    program.wait_for("first picture", lambda: bool(program.events("frame")), STARTS_WITHIN_S)
    first = program.wait_until_sharp()
    focus(screen)

    # A slider is dragged: frames change under the hand and end sharp on the last value.
    knob = program.middle("slider e1")
    before = len(program.events())
    screen.drag(knob, (knob[0] + 70, knob[1]), steps=40, pause_s=0.03)
    sharp = program.wait_until_sharp()
    during = program.events()[before:]
    frames = [event for event in during if event["event"] == "frame"]
    sessions = [event for event in during if event["event"] == "session"]
    amounts = [event["edits"][0][1] for event in sessions]
    assert len({frame["revision"] for frame in frames}) >= 5, "frames kept coming"
    assert [frame["revision"] for frame in frames] == sorted(frame["revision"] for frame in frames)
    assert amounts == sorted(amounts)
    assert amounts[-1] > 0
    assert len({frame["mean"] for frame in frames}) >= 3, "the picture changed"
    assert sharp["mean"] != first["mean"]
    edited = sessions[-1]
    assert sharp["mean"] == pytest.approx(rendered_mean(edited), abs=0.5), "the last picture is the right one"
    # The picture is dragged over the seed plane.
    x, y = program.middle("canvas")
    screen.drag((x, y), (x + 150, y + 40), steps=20, pause_s=0.03)
    walked = program.wait_until_sharp()
    assert program.last("session")["base"] != edited["base"]
    assert walked["mean"] != sharp["mean"]

    # One undo takes the whole walk back.
    screen.press("ctrl+z")
    program.wait_for("undo", lambda: program.last("session")["base"] == edited["base"])
    undone = program.wait_until_sharp()
    assert program.last("session")["edits"] == edited["edits"]
    assert undone["mean"] == pytest.approx(sharp["mean"], abs=0.01)

    # A film of the slider.
    film = tmp_path / "film.gif"
    screen.press("ctrl+e")
    for name, text in (("option-frames", "8"), ("export-file", str(film))):
        screen.click(*program.middle(name))
        screen.press("ctrl+a")
        screen.type(text)
    screen.click(*program.middle("export-start"))
    program.wait_for(
        "film", lambda: any(event["result"] == "FilmResult" for event in program.events("job_done"))
    )
    with Image.open(film) as image:
        assert image.size == (256, 256)
        pictures = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]
        recipe = json.loads(image.info["comment"])
    assert len(pictures) == 8
    assert len(set(pictures)) == 5, "there and back: five different pictures"
    assert [sweep["direction"]["id"] for sweep in recipe["sweep"]["directions"]] == [edited["edits"][0][0]]
    for name, text in (("option-frames", "48"), ("export-file", "~/Pictures/e1.gif")):
        screen.click(*program.middle(name))
        screen.press("ctrl+a")
        screen.type(text)
    screen.press("Tab")
    save(screen, shots, "window-export")

    # Pictures for the documents: another seed, more edits, both themes; the palette finds the theme.
    screen.press("alt+6")
    screen.click(*program.middle("seedBox"))
    screen.press("ctrl+a")
    screen.type("9")
    screen.press("Return")
    for name, way in (("slider e0", -40), ("slider e4", 50), ("slider e5", -30)):
        x, y = program.middle(name)
        screen.drag((x, y), (x + way, y), steps=8, pause_s=0.03)
    screen.act("mousemove", 740, 450)
    program.wait_until_sharp()
    program.wait_for("thumbnails", lambda: thumbnails_are_complete(program))
    save(screen, shots, "window-dark")
    screen.press("ctrl+k")
    screen.type("light theme")
    screen.press("Return")
    light = shots / "window-light.png"
    program.wait_for("light window without the palette", lambda: edge_brightness(screen.grab(light)) > 220)
    save(screen, shots, "window-light")
    screen.press("F1")
    save(screen, shots, "shortcuts")
    screen.press("Escape")

    # And out.
    screen.press("ctrl+q")
    assert program.close() == 0
    assert program.last("closed")["stuck"] == []


def thumbnails_are_complete(program: Program) -> bool:
    """Whether every slider in sight shows both ends of the newest base."""
    events = program.events()
    begun = next(
        i for i, event in enumerate(events) if event.get("base") == "SeedPoint(seed=9, dx=0.0, dy=0.0)"
    )
    made = {event["id"] for event in events[begun:] if event["event"] == "thumbnail" and event["is_complete"]}
    sliders = [name for name in program.last("places")["places"] if name.startswith("slider e")]
    # One row above and one below the visible ones exist, but are not seen.
    return len(made) >= len(sliders) - 2


def rendered_mean(session: Event) -> float:
    """Mean of the sharp picture of a session in the log, rendered here and now."""
    from latent_studio.app.studio import Studio
    from latent_studio.core.edits import Edit, EditStack
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.synthesis import SynthesisSettings

    studio = Studio()
    model = studio.open_model("portraits")
    known = {direction.id: direction for direction in model.directions}
    edits = EditStack(tuple(Edit(known[id], amount) for id, amount, _ in session["edits"]))
    synthesis = SynthesisSettings(truncation_psi=session["truncation_psi"])
    frame = studio.engine.render_final(RenderRequest(1, edits=edits, synthesis=synthesis))
    return float(frame.pixels.mean())


def test_a_file_that_is_no_model_is_refused_in_one_sentence_and_the_window_stays(
    screen: Screen,  # noqa: F811
    start: Callable[..., Program],
    tmp_path: Path,
) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not a model at all")

    program = start(str(path))
    program.wait_for("refusal", lambda: bool(program.events("failure")), STARTS_WITHIN_S)

    failure = program.last("failure")
    assert failure["title"].endswith(".")
    assert "Traceback" not in failure["title"]
    focus(screen)
    screen.press("ctrl+q")
    assert program.close() == 0


def test_closing_in_the_middle_of_a_film_leaves_no_file_and_code_0(
    screen: Screen,  # noqa: F811
    start: Callable[..., Program],
    tmp_path: Path,
) -> None:
    program = start()
    program.wait_for("first picture", lambda: bool(program.events("frame")), STARTS_WITHIN_S)
    program.wait_until_sharp()
    focus(screen)
    screen.press("ctrl+e")
    folder = tmp_path / "films"
    folder.mkdir()
    for name, text in (("option-frames", "5000"), ("export-file", str(folder / "film.gif"))):
        screen.click(*program.middle(name))
        screen.press("ctrl+a")
        screen.type(text)
    screen.click(*program.middle("export-start"))
    program.wait_for(
        "progress", lambda: any(event["fraction"] for event in program.events("job_progressed")[-1:])
    )

    screen.press("ctrl+q")

    assert program.close() == 0
    assert program.last("closed")["stuck"] == []
    assert list(folder.iterdir()) == []


def test_a_polite_kill_closes_the_window_properly(start: Callable[..., Program], profile: Path) -> None:
    program = start()
    program.wait_for("painted window", lambda: bool(program.events("painted")), STARTS_WITHIN_S)

    program.process.send_signal(signal.SIGTERM)

    assert program.close() == 0
    assert (profile / "config" / "window.ini").is_file()
