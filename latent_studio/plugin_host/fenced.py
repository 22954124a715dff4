"""Contributions of plugins behind a fence: what they give is checked before anybody uses it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, cast

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionsClass
    from latent_studio.exporters.film_settings import FilmSettings
    from latent_studio.exporters.protocol import Exporter
    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.attributes.protocol import AttributeInfo, AttributePredictor
    from latent_studio.methods.direction_source import DirectionSource
    from latent_studio.plugin_host.fence import Fence


class FencedExporter:
    """A plugin's exporter; see ``Exporter``.

    Args:
        fence: of the plugin.
        id: of the contribution.
        suffix: of its files.
        make: the plugin's maker; called at once.
        settings: of the encoding.
    """

    def __init__(
        self,
        fence: Fence,
        *,
        id: str,
        suffix: str,
        make: Callable[[], Callable[[FilmSettings], Exporter]],
        settings: FilmSettings,
    ) -> None:
        self.id = id
        self.suffix = suffix
        self._fence = fence
        self._path: Path | None = None
        weakref.finalize(self, fence.close)
        self._inner = fence.call("made an exporter", lambda: make()(settings))
        missing = [
            name
            for name in ("open", "add", "close", "abort")
            if not callable(getattr(self._inner, name, None))
        ]
        if missing:
            raise fence.refuse(f"gave an exporter without {missing[0]}()")

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``."""
        from latent_studio.exporters.part_file import check_target

        check_target(path)
        self._path = path
        self._call(
            "opened a file", lambda: self._inner.open(path, size=size, fps=fps, loop=loop, recipe=recipe)
        )

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``; the plugin sees a picture it cannot write to."""
        shown = pixels.view()
        shown.flags.writeable = False
        self._call("took a frame", lambda: self._inner.add(shown))

    def close(self) -> None:
        """See ``Exporter.close``."""
        self._call("finished a file", self._inner.close)
        if self._path is None or not self._path.exists():
            raise self._fence.refuse("said that it had written a file, but there is none")

    def abort(self) -> None:
        """See ``Exporter.abort``; what a plugin raises here is only logged."""
        if self._fence.is_hung:
            return
        try:
            self._call("was asked to leave no trace", self._inner.abort)
        except LatentStudioError:
            # It is named and told by the fence; whoever aborts has another error to report.
            return

    def _call(self, what: str, function: Callable[[], object]) -> None:
        from latent_studio.exporters.part_file import export_error

        try:
            # A full disk is not the plugin's fault.
            self._fence.call(what, function, passes=(OSError,))
        except OSError as error:
            if self._path is None:
                raise self._fence.refuse(f"could not read or write: {error}") from error
            raise export_error(self._path, error) from error


class FencedPredictor:
    """A plugin's attribute predictor; see ``AttributePredictor``.

    Args:
        fence: of the plugin.
        make: the plugin's maker; called at once.
        device: where it runs.
    """

    def __init__(
        self, fence: Fence, *, make: Callable[[], Callable[..., AttributePredictor]], device: torch.device
    ) -> None:
        from latent_studio.methods.attributes.protocol import AttributeInfo

        self._fence = fence
        weakref.finalize(self, fence.close)
        self._inner = fence.call("made an attribute predictor", lambda: make()(device=device))
        listed = fence.call("named its attributes", lambda: tuple(self._inner.attributes))
        if not listed or not all(isinstance(one, AttributeInfo) for one in listed):
            raise fence.refuse("gave a predictor without attributes")
        if len({one.id for one in listed}) < len(listed):
            raise fence.refuse("gave a predictor with two attributes of one id")
        self.attributes: tuple[AttributeInfo, ...] = listed

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``; the plugin gets pictures of its own.

        Raises:
            PluginError: it failed, hung, or gave something of another shape.
        """
        import torch

        shown = images.detach().clone()

        def run() -> object:
            # The mode of the calling thread does not reach the plugin's.
            with torch.no_grad():
                return self._inner.predict(shown)

        given = self._fence.call("read attributes off pictures", run)
        wanted = (len(images), len(self.attributes))
        if not isinstance(given, torch.Tensor):
            raise self._fence.refuse(f"gave {type(given).__name__} as attributes, not a tensor")
        if tuple(given.shape) != wanted:
            raise self._fence.refuse(f"gave attributes of shape {tuple(given.shape)}, not {wanted}")
        if not given.dtype.is_floating_point:
            raise self._fence.refuse(f"gave attributes as {given.dtype}, not float32")
        return given.detach().to(images.device, torch.float32)


class FencedDirectionSource:
    """A plugin's source of directions; see ``DirectionSource``.

    Args:
        fence: of the plugin.
        id: of the contribution; written into the directions found.
        title: what the user sees.
        make: imports and makes the plugin's source; called when first needed.
    """

    def __init__(self, fence: Fence, *, id: str, title: str, make: Callable[[], object]) -> None:
        self.id = id
        self.title = title
        self._fence = fence
        self._make = make
        weakref.finalize(self, fence.close)
        self._inner: DirectionSource | None = None

    @property
    def options(self) -> type[OptionsClass]:
        """The dataclass of its options.

        Raises:
            PluginError: it cannot be imported, or has none.
        """
        from latent_studio.core.options import options_of

        cls = getattr(self._loaded(), "options", None)
        if not isinstance(cls, type) or not hasattr(cls, "__dataclass_fields__"):
            raise self._fence.refuse("gave a direction source without a dataclass of options")
        self._fence.call("described its options", lambda: options_of(cast("type[OptionsClass]", cls)))
        return cast("type[OptionsClass]", cls)

    def find(
        self,
        generator: Generator,
        options: OptionsClass,
        *,
        model_sha256: str,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> tuple[Direction, ...]:
        """Let it find directions, and check each.

        Args:
            generator: the open model; the plugin may run it, and must not change it.
            options: of its own class.
            model_sha256: written into each direction's ``info``.
            progress: passed on; a report is a sign of life.
            cancel: asked for the plugin too.

        Returns:
            at least one; ids begin with the source's.

        Raises:
            PluginError: it failed, hung, or gave something that is no direction of this model.
            Cancelled: a stop was asked for.
        """
        from latent_studio.core.jobs import Progress

        fence = self._fence

        def report(fraction: float, message: str = "") -> None:
            fence.sign_of_life()
            progress(Progress(min(max(float(fraction), 0.0), 1.0), str(message)[:120] or self.title))

        def check() -> None:
            fence.sign_of_life()
            cancel.check()

        inner = self._loaded()
        given = fence.call(
            "looked for directions",
            lambda: inner.find_directions(generator, options, progress=report, check_cancel=check),
            check_cancel=cancel.check,
        )
        return checked_directions(
            given, generator, source=self.id, model_sha256=model_sha256, refuse=fence.refuse
        )

    def _loaded(self) -> DirectionSource:
        if self._inner is None:
            made = self._fence.call("made a direction source", self._make)
            if not callable(getattr(made, "find_directions", None)):
                raise self._fence.refuse("gave a direction source without find_directions()")
            self._inner = cast("DirectionSource", made)
        return self._inner


def checked_directions(
    given: object,
    generator: Generator,
    *,
    source: str,
    model_sha256: str,
    refuse: Callable[[str], Exception],
) -> tuple[Direction, ...]:
    """What a source gave, if all of it are straight directions that fit the model, with where they are from.

    Raises:
        Exception: what ``refuse`` makes of a sentence, at the first that cannot be used.
    """
    from latent_studio.core.directions import DirectionInfo, LinearDirection
    from latent_studio.core.errors import IncompatibleLatentError

    if not isinstance(given, list | tuple):
        raise refuse(f"gave {type(given).__name__} instead of a list of directions")
    if not given:
        raise refuse("found no direction")
    found: list[Direction] = []
    for one in cast("Sequence[Any]", given):
        if not isinstance(one, LinearDirection):
            raise refuse(f"gave {type(one).__name__} instead of a LinearDirection")
        try:
            one.check_fits(generator.spec)
        except IncompatibleLatentError as error:
            raise refuse(
                f"gave a direction that does not fit the model: {error.title.rstrip('.')}"
            ) from error
        if not one.sigma > 0:
            raise refuse(f"gave the direction {one.name!r} with a sigma of {one.sigma:g}")
        id = one.id if one.id.startswith(f"{source}:") else f"{source}:{one.id}"
        info = DirectionInfo(source, model_sha256, one.info.details)
        found.append(
            LinearDirection(
                id, one.name, one.space, one.vector, rows=one.rows, sigma=one.sigma,
                suggested_range=one.suggested_range, info=info,
            )
        )  # fmt: skip
    if len({one.id for one in found}) < len(found):
        raise refuse("gave two directions of one id")
    return tuple(found)
