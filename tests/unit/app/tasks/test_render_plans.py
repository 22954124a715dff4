"""What the Export panel writes, and what ``render`` writes of the file that its command names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from latent_studio.app.kept_files import keep_file
from latent_studio.app.picture import save_picture
from latent_studio.app.session_film import SessionFilm, write_session_film
from latent_studio.app.store import SessionStore
from latent_studio.app.tasks.direction_sheet import DirectionSheet, SheetRow, draw_direction_sheet
from latent_studio.app.tasks.export_plan import (
    directions_text,
    history_text,
    picture_text,
    timeline_text,
    traversal_text,
)
from latent_studio.app.tasks.render import RenderOptions, run_render
from latent_studio.app.tasks.traverse import Sweep, TraversalPlan, run_traversal
from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session_file import Document, write_document
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.timeline import Timeline
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.session import Session


@pytest.fixture
def session(studio: Studio, tiny_model: Path) -> Session:
    """A state that no option holds: between seeds, with edits, a mix and a film."""
    model = studio.open_model(tiny_model)
    edits = EditStack(tuple(Edit(one, 0.3 + place) for place, one in enumerate(model.directions[:3])))
    session = replace(
        model.start, base=SeedPoint(3, 0.25, 0.5), edits=edits, mix=StyleMix(SeedPoint(8), (1, 2))
    )
    timeline = Timeline(fps=8)
    for second, seed in enumerate((1, 2, 5)):
        timeline = timeline.with_pose(
            second / 2, replace(Pose.of(session), base=SeedPoint(seed)), model=model.ref
        )
    return replace(session, timeline=timeline)


def files_of(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {one.name: one.read_bytes() for one in path.iterdir()}
    return {"": path.read_bytes()}


def same(studio: Studio, tmp_path: Path, text: str, write, suffix: str, **options) -> None:
    """Whether the window's way and the command line's give the same bytes."""
    ours, theirs = tmp_path / f"window{suffix}", tmp_path / f"command{suffix}"
    write(ours)
    source = keep_file(text, studio.paths, stem="test")
    wanted = RenderOptions(source, theirs, model=studio.model.ref.path, **options)
    run_render(studio, wanted, ignore_progress, CancelToken())
    assert files_of(ours) == files_of(theirs)
    assert keep_file(text, studio.paths, stem="test") == source


@pytest.mark.parametrize("format", [one.id for one in FORMATS])
def test_the_timeline_gives_the_same_bytes_in_every_format(studio, session, tmp_path, format):
    settings = FilmSettings(quality="fast")

    def write(out: Path) -> None:
        plan = TimelinePlan(session, out, size=24, settings=settings, format=format)
        write_timeline_film(studio, plan, ignore_progress, CancelToken())

    suffix = next(one.suffix for one in FORMATS if one.id == format)
    options = {"size": 24, "quality": "fast", "format": format}
    same(studio, tmp_path, timeline_text(session), write, suffix, **options)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_picture_gives_the_same_bytes(studio, session, tmp_path, suffix):
    def write(out: Path) -> None:
        kind = "png" if suffix == ".png" else "jpg"
        save_picture(
            studio, session, out, ignore_progress, CancelToken(), format=kind, side=20, resampling="box"
        )

    same(studio, tmp_path, picture_text(session), write, suffix, size=20, resampling="box")


def test_a_traversal_of_any_state_gives_the_same_bytes(studio, session, tmp_path):
    direction = session.edits.edits[1].direction
    sweeps = (Sweep(direction, -1.5, 2.0, (1, 2)), Sweep(session.edits.edits[0].direction, 0.0, 1 / 3))

    def write(out: Path) -> None:
        run_traversal(studio, plan_to(out), ignore_progress, CancelToken())

    def plan_to(out: Path) -> TraversalPlan:
        beside = (studio.model.ref.path,)
        return TraversalPlan(
            session, sweeps, out, frames=6, fps=10, beside=True, caption=True, with_models=beside
        )

    same(studio, tmp_path, traversal_text(plan_to(tmp_path / "x.gif")), write, ".gif", fps=10.0)


def test_a_history_and_a_sheet_of_directions_give_the_same_bytes(studio, session, tmp_path):
    steps = [replace(session, base=SeedPoint(seed)) for seed in (4, 5)]

    def write(out: Path) -> None:
        film = SessionFilm(out, tuple(steps), captions=("Start", "Go"), fps=3)
        write_session_film(studio, film, ignore_progress, CancelToken())

    same(studio, tmp_path, history_text(steps, ("Start", "Go")), write, ".webp", fps=3.0)

    rows = tuple(SheetRow(one, -1.0, 2.5) for one in studio.model.directions[:2])

    def draw(out: Path) -> None:
        draw_direction_sheet(
            studio, DirectionSheet(session, rows, out, 3, 32), ignore_progress, CancelToken()
        )

    text = directions_text(DirectionSheet(session, rows, tmp_path / "x.png", 3, 32))
    same(studio, tmp_path, text, draw, ".png", size=32)


@pytest.fixture
def document(studio: Studio, session: Session, tmp_path: Path) -> Path:
    """A session file with a branch that was left."""
    store = SessionStore(replace(session, timeline=Timeline()))
    store.set_base(SeedPoint(5), "Go to 5")
    store.undo()
    store.set_base(SeedPoint(6), "Go to 6")
    write_document(Document(store.history.state()), tmp_path / "faces.lstudio")
    return tmp_path / "faces.lstudio"


def test_a_session_without_a_timeline_renders_its_picture_or_its_history(studio, session, document, tmp_path):
    out = tmp_path / "picture.png"
    run_render(studio, RenderOptions(document, out), ignore_progress, CancelToken())
    wanted = replace(session, base=SeedPoint(6), noise=None, timeline=Timeline())
    save_picture(studio, wanted, tmp_path / "wanted.png", ignore_progress, CancelToken())
    assert out.read_bytes() == (tmp_path / "wanted.png").read_bytes()

    options = RenderOptions(document, tmp_path / "steps.apng", what="history", captions=True)
    assert run_render(studio, options, ignore_progress, CancelToken()).frames == 2


def test_a_session_with_a_timeline_renders_its_film(studio, session, tmp_path):
    write_document(Document(SessionStore(session).history.state()), tmp_path / "film.lstudio")
    options = RenderOptions(tmp_path / "film.lstudio", tmp_path / "a.gif")
    assert run_render(studio, options, ignore_progress, CancelToken()).frames == 9
    write_timeline_film(studio, TimelinePlan(session, tmp_path / "b.gif"), ignore_progress, CancelToken())
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    options = RenderOptions(tmp_path / "film.lstudio", tmp_path / "a.png", what="picture")
    run_render(studio, options, ignore_progress, CancelToken())
    with Image.open(tmp_path / "a.png") as picture:
        assert getattr(picture, "n_frames", 1) == 1


def test_a_film_of_a_traversal_is_swept_again_from_its_own_recipe(studio, session, tmp_path):
    plan = TraversalPlan(session, (Sweep(studio.model.directions[4], -1, 1),), tmp_path / "a.apng", frames=4)
    run_traversal(studio, plan, ignore_progress, CancelToken())
    options = RenderOptions(tmp_path / "a.apng", tmp_path / "b.gif", model=studio.model.ref.path)
    assert run_render(studio, options, ignore_progress, CancelToken()).frames == 4


def test_what_a_file_does_not_hold_is_said_before_a_model_is_opened(studio, document, tmp_path):
    def refused(source: Path, out: str, **options) -> Exception:
        with pytest.raises((InputError, OptionError)) as caught:
            run_render(
                studio, RenderOptions(source, tmp_path / out, **options), ignore_progress, CancelToken()
            )
        assert caught.value.hint
        return caught.value

    assert "no timeline" in refused(document, "a.mp4").title
    assert "no timeline" in refused(document, "a.mp4", what="timeline").title
    assert "no traversal" in refused(document, "a.mp4", what="traversal").title
    (tmp_path / "new.json").write_text('{"version": 1, "export": {"subject": "hologram"}}')
    assert "hologram" in refused(tmp_path / "new.json", "a.mp4").title
    assert not (tmp_path / "a.mp4").exists()
