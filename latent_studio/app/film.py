"""write_film: sessions to a film in any format, streamed, the same for every verb and the window."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from latent_studio.app.film_writer import FilmWriter
from latent_studio.core.errors import Cancelled, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.exporters.film_settings import FilmSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import RenderRequest
    from latent_studio.engine.engine import Engine
    from latent_studio.exporters.film_settings import Resampling
    from latent_studio.exporters.formats import Format
    from latent_studio.exporters.protocol import Exporter

#: Pictures that come again later are kept up to this many bytes; beyond it they are rendered again.
_KEPT_BYTES = 256 << 20
#: Pixels between pictures side by side.
_GAP = 8


@dataclass(frozen=True, slots=True)
class Pane:
    """One picture of every frame; several stand side by side.

    Attributes:
        engine: renders it; another model has an engine of its own, on the same gate.
        request_at: the request of a picture by its index.
        caption_at: text burnt into a picture's lower edge, by its index; ``None`` for none.
    """

    engine: Engine
    request_at: Callable[[int], RenderRequest]
    caption_at: Callable[[int], str] | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """What is written where. Frozen when an export starts.

    Attributes:
        out: the file, or the folder of a sequence.
        format: of the file.
        pictures: how many different pictures there are.
        order: index of the picture of every frame; each once and in order when ``None``.
        fps: frames per second.
        loop: how often a viewer plays it, 0 for ever, where the format can say so.
        side: longer side of a picture in pixels; ``None`` is the model's own.
        resampling: how pictures are brought to that size.
        recipe: JSON text that is stored in the file.
        settings: how it is encoded.
        keep_part: after a cancel, finish the file with the frames there are, as ``name-part.gif``.
        at_once: pictures that go through the network together.
    """

    out: Path
    format: Format
    pictures: int
    order: Sequence[int] | None = None
    fps: float = 25.0
    loop: int = 0
    side: int | None = None
    resampling: Resampling = "lanczos"
    recipe: str = ""
    settings: FilmSettings = field(default_factory=FilmSettings)
    keep_part: bool = False
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What was written.

    Attributes:
        path: of the file or folder.
        frames: in it.
        size: ``(width, height)`` of a frame in pixels.
        size_bytes: of the file, or of all files of the folder.
        seconds: it plays once.
    """

    path: Path
    frames: int
    size: tuple[int, int]
    size_bytes: int
    seconds: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


@runtime_checkable
class _ChoosesPalette(Protocol):
    @property
    def wants_sample(self) -> bool: ...

    def use_palette_of(self, frames: Sequence[NDArray[np.uint8]]) -> None: ...


def write_film(panes: Sequence[Pane], film: Film, progress: ProgressSink, cancel: CancelToken) -> FilmResult:
    """Render and write a film. Same panes and film, same bytes; memory does not grow with the frames.

    A picture that comes twice is rendered once where memory allows. Where a format has one palette for the
    whole clip, a few pictures from all over it are rendered first.

    Args:
        panes: at least one; the open models must stay open.
        film: what is written where.
        progress: told after every rendered picture, with the picture.
        cancel: looked at between stages.

    Raises:
        OptionError: the rate does not fit the format, or there is nothing to write.
        ExportError: the disk refuses; nothing is left behind unless ``film.keep_part``.
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for; the same.
    """
    from latent_studio.exporters.formats import check_fps, make_exporter

    order = film.order if film.order is not None else range(film.pictures)
    if film.pictures < 1 or not len(order) or not panes:
        raise OptionError("--frames", "There is no frame to write.", hint="Ask for at least one.")
    check_fps(film.format, film.fps)
    sizes = _pane_sizes(panes, order[0], film.side)
    size = (sum(width for width, _ in sizes) + (len(panes) - 1) * _GAP, sizes[0][1])
    target = _part_name(film.out) if film.keep_part else film.out
    exporter = make_exporter(film.format, film.settings)
    exporter.open(target, size=size, fps=film.fps, loop=film.loop, recipe=film.recipe)
    writer = FilmWriter(exporter)
    try:
        _write_frames(exporter, writer, panes, film, order, sizes, progress, cancel)
        writer.finish()
        cancel.check()
        exporter.close()
        if target != film.out:
            _rename(target, film.out)
    except BaseException as error:
        if _end(writer, exporter, keeps=film.keep_part and isinstance(error, Cancelled)):
            cancel.kept = target
        raise
    return FilmResult(film.out, len(order), size, _size_of(film.out), len(order) / film.fps)


def _write_frames(
    exporter: Exporter,
    writer: FilmWriter,
    panes: Sequence[Pane],
    film: Film,
    order: Sequence[int],
    sizes: Sequence[tuple[int, int]],
    progress: ProgressSink,
    cancel: CancelToken,
) -> None:
    """Hand every frame to the writer, which composes and encodes it while the next one renders."""
    from latent_studio.exporters.palette import SAMPLED_FRAMES

    first: list[int] = []
    if isinstance(exporter, _ChoosesPalette) and exporter.wants_sample:
        count = min(SAMPLED_FRAMES, film.pictures)
        step = (film.pictures - 1) / max(1, count - 1)
        first = sorted({round(index * step) for index in range(count)})
    # Kept as the models made them: a few enlarged frames could take all memory.
    picture_bytes = sum(4 * high * wide for high, wide in (_own_size(pane, order[0]) for pane in panes))
    capacity = max(1, _KEPT_BYTES // max(1, picture_bytes))
    needed = list(_needed(order, first, capacity=capacity))
    rendered = _rendered(panes, needed, film.at_once, progress, cancel)
    kept = {index: next(rendered) for index in first}
    if first and isinstance(exporter, _ChoosesPalette):
        exporter.use_palette_of([pixels for index in first for pixels in kept[index]])
    comes_last = {index: position for position, index in enumerate(order)}
    for position, index in enumerate(order):
        cancel.check()
        pictures = kept.pop(index) if index in kept else next(rendered)
        writer.add(partial(_composed, panes, pictures, index, film, sizes))
        if comes_last[index] > position and len(kept) < capacity:
            kept[index] = pictures


def _needed(order: Sequence[int], first: Sequence[int], *, capacity: int) -> Iterator[int]:
    """Which pictures are rendered in which order, by the rules that ``_write_frames`` follows."""
    yield from first
    kept = set(first)
    comes_last = {index: position for position, index in enumerate(order)}
    for position, index in enumerate(order):
        if index in kept:
            kept.discard(index)
        else:
            yield index
        if comes_last[index] > position and len(kept) < capacity:
            kept.add(index)


def _rendered(
    panes: Sequence[Pane], needed: Sequence[int], at_once: int, progress: ProgressSink, cancel: CancelToken
) -> Iterator[tuple[NDArray[np.uint8], ...]]:
    """The pictures of some frames, one a pane, in that order."""
    batches = [
        pane.engine.render_batch(map(pane.request_at, needed), check_cancel=cancel.check, at_once=at_once)
        for pane in panes
    ]
    for done, frames in enumerate(zip(*batches, strict=True), start=1):
        progress(Progress(done / len(needed), f"Rendered {done} of {len(needed)}", preview=frames[0]))
        yield tuple(frame.pixels for frame in frames)


def _own_size(pane: Pane, index: int) -> tuple[int, int]:
    """Height and width of a pane's pictures as its model makes them."""
    spec = pane.engine.spec
    if spec is None:
        raise AssertionError("a pane's engine has a model")
    return spec.size_at(pane.request_at(index).synthesis.chosen_scale)


def _pane_sizes(panes: Sequence[Pane], index: int, side: int | None) -> list[tuple[int, int]]:
    """Width and height of every pane's pictures in the film; all are as high as the highest."""
    from latent_studio.exporters.pixels import size_with_side

    own = [_own_size(pane, index) for pane in panes]
    _, height = size_with_side(max(own), side)
    return [(max(1, round(height * wide / high)), height) for high, wide in own]


def _composed(
    panes: Sequence[Pane],
    pictures: tuple[NDArray[np.uint8], ...],
    index: int,
    film: Film,
    sizes: Sequence[tuple[int, int]],
) -> NDArray[np.uint8]:
    """A frame at its final size."""
    from latent_studio.exporters.compose import beside, captioned
    from latent_studio.exporters.pixels import resized

    ready = []
    for pane, picture, (width, height) in zip(panes, pictures, sizes, strict=True):
        fitted = resized(picture, width, height, resampling=film.resampling)
        ready.append(captioned(fitted, pane.caption_at(index)) if pane.caption_at is not None else fitted)
    return ready[0] if len(ready) == 1 else beside(ready, gap=_GAP)


def _end(writer: FilmWriter, exporter: Exporter, *, keeps: bool) -> bool:
    """After a failure or a cancel: whether there is a film of the frames there are; nothing else is left."""
    try:
        if not keeps:
            return False
        writer.finish()
        if not writer.written:
            return False
        exporter.close()
        return True
    finally:
        writer.stop()
        exporter.abort()


def _part_name(out: Path) -> Path:
    return out.with_name(f"{out.stem}-part{out.suffix}")


def _rename(part: Path, out: Path) -> None:
    from latent_studio.exporters.part_file import export_error

    try:
        part.replace(out)
    except OSError as error:
        raise export_error(out, error) from error


def _size_of(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    return path.stat().st_size
