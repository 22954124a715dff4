"""GIF export against Pillow's own way, which chooses a palette for every frame.

Three clips: a sweep of the bundled model, photographs that turn and fade into each other, and clouds with
grain in all colours. FFmpeg's way is the one its users recommend: a palette of what changes, ordered dither,
rectangles (stats_mode=diff, then dither=bayer:bayer_scale=5:diff_mode=rectangle). Seconds are of one run; the
ratios can be compared between machines. "Seen" is the signal-to-noise ratio after a slight blur, as an eye at
some distance mixes neighbouring pixels; "crawl" is how much the error changes from one frame to the next, in
grey levels.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import av
import numpy as np
from av.filter import Graph
from PIL import Image

from latent_studio.exporters.film_settings import FILM_QUALITIES
from latent_studio.exporters.gif import GifExporter
from latent_studio.exporters.pixels import resized

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.filter.context import FilterContext
    from numpy.typing import NDArray

FPS = 25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=256, help="side in pixels (256)")
    parser.add_argument("--frames", type=int, default=60, help="frames of a clip (60)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, the median counts (3)")
    arguments = parser.parse_args()
    clips = {
        "sweep of the bundled model": model_clip(arguments.frames, arguments.size),
        "photographs": photo_clip(arguments.frames, arguments.size),
        "clouds": cloudy_clip(arguments.frames, arguments.size),
    }
    for name, frames in clips.items():
        print(f"\n{name}, {len(frames)} frames of {arguments.size} px")
        print(f"  {'':<18}{'s':>8}{'MB':>8}{'dB':>7}{'seen':>7}{'crawl':>7}{'times as fast':>15}")
        ways: dict[str, Callable[[], bytes]] = {"Pillow default": lambda frames=frames: by_pillow(frames)}
        ways["FFmpeg difference"] = lambda frames=frames: by_ffmpeg(frames)
        for quality in FILM_QUALITIES:
            ways[f"clip, {quality}"] = lambda frames=frames, quality=quality: by_clip_palette(frames, quality)
        slowest = 0.0
        for way, encode in ways.items():
            seconds, data = timed(encode, arguments.repeats)
            slowest = slowest or seconds
            noise, seen, crawl = errors_of(frames, data)
            print(
                f"  {way:<18}{seconds:8.2f}{len(data) / 1e6:8.2f}{noise:7.1f}{seen:7.1f}{crawl:7.2f}"
                f"{slowest / seconds:15.1f}"
            )


def by_pillow(frames: list[NDArray[np.uint8]]) -> bytes:
    """As most programs do it."""
    buffer = io.BytesIO()
    images = [Image.fromarray(frame) for frame in frames]
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=1000 // FPS, loop=0)
    return buffer.getvalue()


def by_clip_palette(frames: list[NDArray[np.uint8]], quality: str) -> bytes:
    """As this program does it, the disk included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.gif"
        exporter = GifExporter(quality=quality)  # type: ignore[arg-type]
        exporter.open(path, size=(frames[0].shape[1], frames[0].shape[0]), fps=FPS)
        for frame in frames:
            exporter.add(frame)
        exporter.close()
        return path.read_bytes()


def by_ffmpeg(frames: list[NDArray[np.uint8]]) -> bytes:
    """With the two filters that FFmpeg has for it."""
    height, width = frames[0].shape[:2]
    tick = Fraction(1, FPS)

    def source(graph: Graph) -> FilterContext:
        return graph.add_buffer(width=width, height=height, format="rgb24", time_base=tick)

    def feed(context: FilterContext, index: int) -> None:
        picture = av.VideoFrame.from_ndarray(frames[index], format="rgb24")
        picture.pts = index
        context.push(picture)

    graph = Graph()
    chain = source(graph), graph.add("palettegen", "stats_mode=diff"), graph.add("buffersink")
    for first, second in itertools.pairwise(chain):
        first.link_to(second)
    graph.configure()
    for index in range(len(frames)):
        feed(chain[0], index)
    chain[0].push(None)
    palette = chain[2].pull()
    palette.pts = 0

    graph = Graph()
    pictures = source(graph)
    colours = graph.add_buffer(width=16, height=16, format=palette.format.name, time_base=tick)
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=5:diff_mode=rectangle")
    sink = graph.add("buffersink")
    pictures.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    colours.push(palette)
    colours.push(None)
    buffer, count = io.BytesIO(), itertools.count()
    with av.open(buffer, "w", format="gif") as file:
        stream = file.add_stream("gif", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
        for index in range(len(frames) + 1):
            if index < len(frames):
                feed(pictures, index)
            else:
                pictures.push(None)
            with contextlib.suppress(av.BlockingIOError, av.EOFError):
                while True:
                    picture = sink.pull()
                    picture.pts = next(count)
                    file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def timed(encode: Callable[[], bytes], repeats: int) -> tuple[float, bytes]:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        data = encode()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), data


def errors_of(frames: list[NDArray[np.uint8]], data: bytes) -> tuple[float, float, float]:
    """Signal-to-noise ratio in dB, the same after a blur, and how much the error changes between frames."""
    noise, seen, crawl = [], [], []
    before = None
    with Image.open(io.BytesIO(data)) as image:
        for index, frame in enumerate(frames):
            # Pillow merges equal frames, so the places of a clip may run out.
            image.seek(min(index, image.n_frames - 1))
            error = np.asarray(image.convert("RGB"), dtype=np.float32) - frame
            noise.append(np.mean(error**2))
            seen.append(np.mean(blurred(error) ** 2))
            if before is not None:
                crawl.append(np.abs(error - before).mean())
            before = error
    return decibel(float(np.mean(noise))), decibel(float(np.mean(seen))), float(np.mean(crawl))


def decibel(squared_error: float) -> float:
    return 10 * float(np.log10(255**2 / max(squared_error, 1e-9)))


def blurred(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in (0, 1):
        neighbours = np.roll(picture, 1, axis) + np.roll(picture, -1, axis)
        picture = 0.5 * picture + 0.25 * neighbours
    return picture


def model_clip(count: int, side: int) -> list[NDArray[np.uint8]]:
    """The two strongest directions of the bundled model, there and back."""
    from latent_studio.app.settings import Settings
    from latent_studio.app.studio import Studio
    from latent_studio.checkpoints.bundled import DEFAULT_MODEL
    from latent_studio.core.edits import Edit, EditStack
    from latent_studio.core.render import RenderRequest

    studio = Studio(settings=Settings(measure_forms=False))
    model = studio.open_model(DEFAULT_MODEL)
    requests = []
    for index in range(count):
        amount = 3 * (1 - 4 * abs(index / count - 0.5))
        edits = EditStack(tuple(Edit(one, amount * one.sigma) for one in model.directions[:2]))
        requests.append(
            RenderRequest(index, base=model.start.base, edits=edits, synthesis=model.start.synthesis)
        )
    frames = studio.engine.render_batch(requests, check_cancel=lambda: None)
    return [resized(frame.pixels, side, side) for frame in frames]


def photo_clip(count: int, side: int) -> list[NDArray[np.uint8]]:
    """Two photographs of scikit-image, turning slowly while one fades into the other and back."""
    from skimage import data

    first, second = (Image.fromarray(picture()).convert("RGB") for picture in (data.astronaut, data.coffee))
    found = []
    for index in range(count):
        share = 1 - abs(1 - 2 * index / count)
        turned = [
            np.asarray(picture.rotate(20 * share, Image.Resampling.BICUBIC).resize((side, side)), np.float32)
            for picture in (first, second)
        ]
        found.append((turned[0] * (1 - share) + turned[1] * share).round().astype(np.uint8))
    return found


def cloudy_clip(count: int, side: int) -> list[NDArray[np.uint8]]:
    """A cross-fade between two pictures of 1/f noise: all colours, no flat surface."""
    drawn = np.random.default_rng(0)
    first, second = cloud(side, drawn), cloud(side, drawn)
    found = []
    for index in range(count):
        share = 1 - abs(1 - 2 * index / count)
        found.append((first * (1 - share) + second * share).clip(0, 255).astype(np.uint8))
    return found


def cloud(side: int, drawn: np.random.Generator) -> NDArray[np.float64]:
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    strength = 1 / np.maximum(frequency, 1 / side) ** 1.6

    def field() -> NDArray[np.float64]:
        spectrum = strength * (drawn.normal(size=strength.shape) + 1j * drawn.normal(size=strength.shape))
        values = np.fft.irfft2(spectrum, (side, side))
        return np.asarray(values / values.std())

    grey = field()
    return 120 + 45 * np.stack([grey + 0.45 * field() for _ in range(3)], axis=2)


if __name__ == "__main__":
    main()
