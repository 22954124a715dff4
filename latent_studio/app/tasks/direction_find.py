"""direction find: directions of a model, found by a plugin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_studio.app.tasks.direction_output import check_suffix, write_directions_as
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option, options_of
from latent_studio.core.rows import format_rows

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionInfo, OptionsClass


@dataclass(frozen=True, slots=True)
class DirectionFindOptions:
    """By which source, how, and where to."""

    model: str = model_option()
    source: str = option(
        help="Which source of an enabled plugin, such as ica; “plugin list” names them.", metavar="ID"
    )
    out: Path | None = option(
        None,
        help="The file to write, .safetensors or .npy; when not given they are kept among the model's own.",
        metavar="FILE",
    )
    set: tuple[str, ...] = option(
        (), help="An option of the source, such as count=8; give it again for more.", repeat=True,
        metavar="NAME=VALUE",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DirectionFindResult:
    """What was found.

    Attributes:
        path: of the file, if one was asked for.
        directions: the best first.
    """

    path: Path | None
    directions: tuple[Direction, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path; without one, each direction."""
        if self.path is not None:
            return (str(self.path),)
        return tuple(f"{one.id}  {one.name}  sigma {one.sigma:.3f}" for one in self.directions)


def run_direction_find(
    studio: Studio, options: DirectionFindOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionFindResult:
    """Let the plugin find them, and keep or write them.

    Raises:
        PluginError: there is no such source, or the plugin failed, hung or gave what is no direction.
        OptionError: the source has no such option.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    if options.out is not None:
        check_suffix(options.out, (".safetensors", ".npy"))
        check_target(options.out)
    source = studio.plugins.direction_source(options.source)
    chosen = _options_from(source.options, options.set)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    found = find_with_plugin(studio, model, options.source, chosen, progress, cancel)
    if options.out is not None:
        write_directions_as(found, options.out)
    else:
        model.library.keep(found, name=source.title)
    return DirectionFindResult(options.out, found)


def find_with_plugin(
    studio: Studio,
    model: LoadedModel,
    source_id: str,
    chosen: OptionsClass,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[Direction, ...]:
    """Let a plugin look at a model; sliders stay live only as far as it leaves them processor time.

    Raises:
        PluginError: it failed, hung or gave what is no direction.
        Cancelled: a stop was asked for.
    """
    return studio.plugins.direction_source(source_id).find(
        model.generator, chosen, model_sha256=model.ref.sha256, progress=progress, cancel=cancel
    )


def twin_of(source: str, chosen: OptionsClass, model: str) -> DirectionFindOptions:
    """What the verb takes to find the same.

    Args:
        source: id of the source.
        chosen: options of the source.
        model: name or file.
    """
    words = []
    for info in options_of(type(chosen)):
        value = getattr(chosen, info.name)
        if value != info.default:
            write = info.write or (str if info.parse is None else format_rows)
            words.append(f"{info.name}={write(value)}")
    return DirectionFindOptions(model, source, set=tuple(words))


def _options_from(cls: type[OptionsClass], words: tuple[str, ...]) -> OptionsClass:
    """The source's options with some values given as ``name=value``.

    Raises:
        OptionError: an option does not exist, or its value cannot be read.
    """
    known = {info.name: info for info in options_of(cls)}
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            names = ", ".join(known) or "none"
            raise OptionError(
                "--set", f"--set is {word!r}, but must be an option of this source with its value.",
                hint=f"Options: {names}.",
            )  # fmt: skip
        values[name] = _read(known[name], text)
    chosen = cls(**values)
    check_options(chosen)
    return chosen


def _read(info: OptionInfo, text: str) -> object:
    if info.parse is not None:
        return info.parse(text)
    if info.type is bool:
        if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
            raise OptionError("--set", f"{info.name} is {text!r}, but must be yes or no.")
        return text.lower() in ("true", "yes", "1")
    try:
        return info.type(text)
    except ValueError as error:
        raise OptionError(
            "--set", f"{info.name} is {text!r}, but must be {info.range_text or info.type.__name__}."
        ) from error
