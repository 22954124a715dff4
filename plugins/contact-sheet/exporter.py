"""Numbered frames on A4 pages, as one PDF."""

from __future__ import annotations

import io
import time

from PIL import Image, ImageDraw, ImageFont

from latent_studio.api import ExportError, write_file

#: A4 upright at 150 dots per inch, and its margin.
DPI = 150
PAGE = (1240, 1754)
MARGIN = 70
GAP = 16
CAPTION = 26
COLUMNS = 5
#: PDF keeps two dates. The same frames must give the same bytes, so both are this one.
DATE = time.gmtime(0)


class PaperSheet:
    """See ``latent_studio.api.Exporter``. One page at a time is in memory as pixels; full ones as JPEG."""

    id = "contact-sheet"
    suffix = ".pdf"

    def __init__(self, *, columns: int | None) -> None:
        self._columns = columns or COLUMNS
        self._font = ImageFont.load_default(16)
        self._path = None
        self._forget()

    def open(self, path, *, size, fps, loop=0, recipe=""):
        """Begin; a sheet knows neither rate nor loop."""
        self._forget()
        self._path, self._size, self._recipe = path, size, recipe
        room = PAGE[0] - 2 * MARGIN - (self._columns - 1) * GAP
        width = max(1, room // self._columns)
        height = max(1, round(width * size[1] / size[0]))
        self._cell = (width, min(height, PAGE[1] - 2 * MARGIN - CAPTION))
        self._rows = max(1, (PAGE[1] - 2 * MARGIN + GAP) // (self._cell[1] + CAPTION + GAP))

    def add(self, pixels):
        """Put one frame on the page, and begin another page when it is full."""
        if self._path is None:
            raise ExportError("The sheet is not open for writing.")
        if pixels.shape[:2] != (self._size[1], self._size[0]):
            raise ExportError(f"A frame has shape {pixels.shape}, not {self._size[::-1]}.")
        place = self._count % (self._columns * self._rows)
        if place == 0:
            self._finish_page()
            self._page = Image.new("RGB", PAGE, "white")
        row, column = divmod(place, self._columns)
        left = MARGIN + column * (self._cell[0] + GAP)
        top = MARGIN + row * (self._cell[1] + CAPTION + GAP)
        frame = _picture(pixels).resize(self._cell, Image.Resampling.LANCZOS)
        self._page.paste(frame, (left, top))
        self._count += 1
        ImageDraw.Draw(self._page).text(
            (left, top + self._cell[1] + 4), f"{self._count:04d}", fill="black", font=self._font
        )

    def close(self):
        """Write all pages at once, beside the target, then rename."""
        if self._path is None or not self._count:
            self._forget()
            raise ExportError("There is no frame to write.", hint="Ask for at least one.")
        self._finish_page()
        first, *others = [Image.open(io.BytesIO(page)) for page in self._pages]
        whole = io.BytesIO()
        first.save(
            whole, "PDF", save_all=True, append_images=others, resolution=DPI, quality=90,
            title="Contact sheet", subject=self._recipe, creationDate=DATE, modDate=DATE,
        )  # fmt: skip
        write_file(self._path, whole.getvalue())
        self._forget()

    def abort(self):
        """Nothing has been written before ``close``, so there is nothing to take away."""
        self._forget()

    def _finish_page(self):
        if self._page is not None:
            encoded = io.BytesIO()
            self._page.save(encoded, "JPEG", quality=90)
            self._pages.append(encoded.getvalue())
            self._page = None

    def _forget(self):
        self._pages, self._page, self._count = [], None, 0
        self._path = None


def _picture(pixels):
    """A frame of one, three or four channels as RGB, on white."""
    if pixels.shape[2] == 1:
        return Image.fromarray(pixels[:, :, 0]).convert("RGB")
    picture = Image.fromarray(pixels)
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def make_exporter(settings):
    """What ``plugin.toml`` names. Takes the number of columns; the rest concerns films."""
    return PaperSheet(columns=settings.columns)
