"""write_film: pictures in order, rendered once, at their size, in any format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from latent_studio.app import film as film_module
from latent_studio.app.film import Film, Pane, write_film
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, Progress, ignore_progress
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.exporters.formats import format_by_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


@dataclass
class Spec:
    resolution: int = 8

    def size_at(self, chosen_scale: int | None) -> tuple[int, int]:
        return self.resolution, self.resolution


@dataclass
class CountingEngine:
    """Renders a grey picture per revision and counts how often each was asked for."""

    spec: Spec = field(default_factory=Spec)
    seen: Counter[int] = field(default_factory=Counter)

    def render_batch(
        self, requests: Iterable[RenderRequest], *, check_cancel: Callable[[], None], at_once: int = 1
    ) -> Iterator[Frame]:
        for request in requests:
            check_cancel()
            self.seen[request.revision] += 1
            pixels = np.full((self.spec.resolution, self.spec.resolution, 3), request.revision, np.uint8)
            pixels.flags.writeable = False
            yield Frame(request.revision, Quality.FINAL, pixels, 0.0)


def pane(engine: CountingEngine, **more: object) -> Pane:
    return Pane(engine, lambda index: RenderRequest(index), **more)  # type: ignore[arg-type]


def film(path: Path, id: str, pictures: int, **more: object) -> Film:
    return Film(path, format_by_id(id), pictures, **more)  # type: ignore[arg-type]


def greys(path: Path) -> list[int]:
    with Image.open(path) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(int(np.asarray(image.convert("RGB"))[0, 0, 0]))
        return found


@pytest.mark.parametrize("id", ["apng", "gif"])
def test_frames_come_in_the_order_asked_for_and_are_rendered_once(tmp_path: Path, id: str) -> None:
    engine, order = CountingEngine(), [0, 40, 80, 200, 80, 40]
    path = tmp_path / f"a.{id}"
    requests = Pane(engine, lambda index: RenderRequest(order[index]))  # type: ignore[arg-type]
    result = write_film(
        [requests], film(path, id, 4, order=[0, 1, 2, 3, 2, 1]), ignore_progress, CancelToken()
    )
    assert greys(path) == order
    assert set(engine.seen.values()) == {1}
    assert (result.frames, result.size, result.size_bytes) == (6, (8, 8), path.stat().st_size)
    assert result.seconds == pytest.approx(6 / 25)


def test_without_room_pictures_are_rendered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_module, "_KEPT_BYTES", 1)
    engine, path = CountingEngine(), tmp_path / "a.apng"
    order = [0, 1, 2, 3, 2, 1, 0]
    write_film([pane(engine)], film(path, "apng", 4, order=order), ignore_progress, CancelToken())
    assert greys(path) == order
    assert engine.seen[3] == 1
    assert engine.seen[1] == 2


@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=30),
    st.integers(1, 9),
    st.sets(st.integers(0, 7), max_size=4),
)
def test_the_list_of_pictures_to_render_is_what_writing_asks_for(
    order: list[int], capacity: int, first: set[int]
) -> None:
    used = sorted(first & set(order))
    needed = iter(film_module._needed(order, used, capacity=capacity))
    kept = {index: next(needed) for index in used}
    last = {index: position for position, index in enumerate(order)}
    shown = []
    for position, index in enumerate(order):
        picture = kept.pop(index) if index in kept else next(needed)
        shown.append(picture)
        if last[index] > position and len(kept) < capacity:
            kept[index] = picture
    assert shown == order
    assert next(needed, None) is None


def test_a_film_is_brought_to_the_size_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.apng"
    wanted = film(path, "apng", 2, side=20, resampling="nearest")
    assert write_film([pane(CountingEngine())], wanted, ignore_progress, CancelToken()).size == (20, 20)
    with Image.open(path) as image:
        assert image.size == (20, 20)


def test_panes_stand_side_by_side(tmp_path: Path) -> None:
    small, large = CountingEngine(Spec(8)), CountingEngine(Spec(16))
    path = tmp_path / "a.apng"
    panes = [
        Pane(small, lambda index: RenderRequest(10 + index)),  # type: ignore[arg-type]
        Pane(large, lambda index: RenderRequest(90 + index)),  # type: ignore[arg-type]
    ]
    assert write_film(panes, film(path, "apng", 2), ignore_progress, CancelToken()).size == (40, 16)
    with Image.open(path) as image:
        image.seek(1)
        pixels = np.asarray(image.convert("RGB"))
    assert (pixels[0, 0, 0], pixels[0, -1, 0]) == (11, 91)


def test_a_caption_is_burnt_in_only_when_asked_for(tmp_path: Path) -> None:
    plain, named = tmp_path / "a.apng", tmp_path / "b.apng"
    engine = CountingEngine(Spec(64))
    write_film([pane(engine)], film(plain, "apng", 1), ignore_progress, CancelToken())
    write_film(
        [pane(engine, caption_at=lambda index: "before")],
        film(named, "apng", 1),
        ignore_progress,
        CancelToken(),
    )
    with Image.open(plain) as image:
        assert np.asarray(image.convert("RGB")).std() == 0
    with Image.open(named) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels[:40].std() == 0
    assert pixels[52:].max() > 200


@pytest.mark.parametrize("id", ["gif", "mp4", "webp", "apng", "png", "sheet"])
@pytest.mark.parametrize("after", [1, 3])
def test_a_cancelled_film_leaves_nothing(tmp_path: Path, id: str, after: int) -> None:
    cancel, format = CancelToken(), format_by_id(id)

    def stop(progress: Progress) -> None:
        if progress.message.startswith(f"Rendered {after} "):
            cancel.cancel()

    with pytest.raises(Cancelled):
        write_film([pane(CountingEngine())], film(tmp_path / f"a{format.suffix}", id, 5), stop, cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_film_may_keep_what_there_is(tmp_path: Path) -> None:
    cancel, path = CancelToken(), tmp_path / "a.apng"

    def stop(progress: Progress) -> None:
        if progress.message.startswith("Rendered 4 "):
            cancel.cancel()

    wanted = film(path, "apng", 9, keep_part=True)
    with pytest.raises(Cancelled):
        write_film([pane(CountingEngine())], wanted, stop, cancel)
    assert [item.name for item in tmp_path.iterdir()] == ["a-part.apng"]
    assert cancel.kept == tmp_path / "a-part.apng"
    assert greys(tmp_path / "a-part.apng") == [0, 1, 2, 3]
    write_film([pane(CountingEngine())], wanted, ignore_progress, CancelToken())
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.apng"]


@pytest.mark.parametrize("wrong", [{"pictures": 0}, {"order": []}, {"fps": 0.0}, {"fps": 1000.0}])
def test_what_is_no_film_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    wanted = replace(film(tmp_path / "a.gif", "gif", 3), **wrong)  # type: ignore[arg-type]
    with pytest.raises(OptionError):
        write_film([pane(CountingEngine())], wanted, ignore_progress, CancelToken())
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_rendered_pictures(tmp_path: Path) -> None:
    told: list[Progress] = []
    write_film([pane(CountingEngine())], film(tmp_path / "a.apng", "apng", 4), told.append, CancelToken())
    assert [report.fraction for report in told] == [0.25, 0.5, 0.75, 1.0]
    assert all(report.preview is not None for report in told)
