"""Encoder: one film through PyAV, whose wheels bring FFmpeg's encoders along; written beside its target."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import check_target, export_error, part_of
from latent_studio.exporters.pixels import without_alpha

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

log = logging.getLogger(__name__)

#: Always the same number: how the work is divided shows in the bytes.
_THREADS = 2


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What FFmpeg is told.

    Attributes:
        container: such as ``"mp4"``.
        codec: such as ``"libx264"``.
        pixel_format: such as ``"yuv420p"``.
        codec_options: of the codec.
        container_options: of the container.
        is_video: what players of video expect: even sides (an odd one repeats its last line) and BT.709
            colours; WebP keeps odd sides and has the colours of BT.601.
    """

    container: str
    codec: str
    pixel_format: str
    codec_options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)
    is_video: bool = True


class Encoder:
    """Writes ``name.part`` until ``finish`` or ``abort``. Same frames and settings, same bytes.

    Args:
        path: the target.
        settings: what FFmpeg is told.
        size: ``(width, height)`` of the frames in pixels.
        fps: frames per second.
        comment: kept in the file.

    Raises:
        ExportError: here and in every method but ``abort``, when the disk or the encoder refuses, or PyAV is
            missing.
    """

    def __init__(
        self,
        path: Path,
        settings: EncoderSettings,
        *,
        size: tuple[int, int],
        fps: float,
        comment: str = "",
    ) -> None:
        self._av = _import_av()
        #: FFmpeg's own errors are partly OSErrors, partly ValueErrors, partly neither.
        self._errors = (OSError, ValueError, self._av.FFmpegError)
        check_target(path)
        self._path = path
        self._settings = settings
        self._size = size
        self.frames = 0
        self._container: Any = None
        try:
            self._container = self._av.open(
                str(part_of(path)),
                "w",
                format=settings.container,
                options={"fflags": "+bitexact", **settings.container_options},
            )
            self._stream = self._container.add_stream(
                settings.codec, rate=_rate(fps), options={"flags": "+bitexact", **settings.codec_options}
            )
        except self._av.codec.codec.UnknownCodecError as error:
            self.abort()
            raise ExportError(
                f"{path.name} could not be written: the FFmpeg of this installation has no encoder "
                f"{settings.codec}.",
                hint="Install PyAV anew with `pip install av`, or choose GIF or PNG.",
            ) from error
        except self._errors as error:
            self.abort()
            raise self._failure(error) from error
        width, height = size
        grow = 1 if settings.is_video else 0
        self._stream.width, self._stream.height = width + grow * (width % 2), height + grow * (height % 2)
        self._stream.pix_fmt = settings.pixel_format
        context = self._stream.codec_context
        context.thread_count = _THREADS
        self._is_yuv = settings.pixel_format.startswith("yuv")
        if settings.is_video:
            # 1 is BT.709 in the standards' tables of primaries, transfer functions and matrices.
            context.color_primaries = context.color_trc = context.colorspace = 1
        if comment:
            self._container.metadata["comment"] = comment

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Append a frame, ``(height, width, C)`` uint8; RGBA is laid on white, grey becomes RGB."""
        frame = without_alpha(pixels)
        width, height = self._size
        if frame.shape[:2] != (height, width) or frame.dtype != np.uint8:
            raise ExportError(f"A frame has shape {frame.shape}, the others have {(height, width)}.")
        if frame.shape[2] == 1:
            frame = np.repeat(frame, 3, axis=2)
        if self._settings.is_video:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        if self._is_yuv:
            picture = picture.reformat(
                format=self._settings.pixel_format,
                dst_colorspace="ITU709" if self._settings.is_video else "ITU601",
                dst_color_range="MPEG",
            )
        else:
            picture = picture.reformat(format=self._settings.pixel_format)
        picture.pts = self.frames
        self.frames += 1
        self._mux(picture)

    def finish(self) -> Path:
        """Write what is left and close the file.

        Returns:
            The finished part file; its target has not been touched.
        """
        if not self.frames:
            self.abort()
            raise ExportError("There is no frame to write.", hint="Ask for at least one.")
        self._mux(None)
        try:
            container, self._container = self._container, None
            container.close()
        except self._errors as error:
            self.abort()
            raise self._failure(error) from error
        return part_of(self._path)

    def commit(self) -> None:
        """Give the finished file its name."""
        try:
            part_of(self._path).replace(self._path)
        except OSError as error:
            self.abort()
            raise export_error(self._path, error) from error

    def abort(self) -> None:
        """Leave no trace. Safe at any time, also twice."""
        container, self._container = self._container, None
        if container is not None:
            try:
                container.close()
            except self._errors as error:
                # Its header was never written, or the disk is full: the file goes anyway.
                log.debug("An unfinished film was closed: %s", error)
        try:
            part_of(self._path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", part_of(self._path), error)

    def _mux(self, picture: object) -> None:
        if self._container is None:
            raise ExportError("The film is not open for writing.")
        try:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
        except self._errors as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> ExportError:
        if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
            return export_error(self._path, OSError(error.errno, error.strerror))
        return ExportError(
            f"{self._path.name} could not be written: the encoder says {error}.",
            hint="Choose another format.",
        )


def _rate(fps: float) -> Fraction:
    """Frames per second as the fraction it is meant to be: 29.97 is 30000/1001."""
    for base in (24, 30, 60):
        exact = Fraction(base * 1000, 1001)
        if abs(float(exact) - fps) < 0.005:
            return exact
    return Fraction(fps).limit_denominator(1000)


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        raise ExportError(
            "Video cannot be written: the package av is not installed.",
            hint="Install it with `pip install av`, or choose GIF or PNG.",
        ) from error
    return av
