"""model list: the models that open by name, and those that can be fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from latent_studio.app.library import library_dir, library_models
from latent_studio.app.model_sources import SOURCES, WebSource, family_title
from latent_studio.checkpoints.bundled import bundled_models, bundled_models_dir, weights_path
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class ModelListOptions:
    """How to say it."""

    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model.

    Attributes:
        name: as verbs take it.
        place: it came with the program, is in the user's library, or can be fetched.
        size_bytes: of the file, or of what has to be fetched; ``None`` where nobody states it.
        path: ``None`` if it has to be fetched.
        title: what one that can be fetched makes.
        licence: of its weights.
        page: where its publisher tells about it.
    """

    name: str
    place: Literal["bundled", "library", "to get"]
    size_bytes: int | None
    path: Path | None
    title: str = ""
    licence: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class ModelListResult:
    """All of them.

    Attributes:
        models: the bundled ones, the library, those to get; sorted by name within.
        as_json: what ``lines`` should look like.
    """

    models: tuple[KnownModel, ...]
    as_json: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """A table for people, or one JSON list."""
        if self.as_json:
            facts = [
                {
                    "name": model.name,
                    "place": model.place,
                    "size_bytes": model.size_bytes,
                    "path": None if model.path is None else str(model.path),
                    "title": model.title,
                    "licence": model.licence,
                    "page": model.page,
                }
                for model in self.models
            ]
            return (json.dumps(facts, indent=2, ensure_ascii=False),)
        width = max((len(model.name) for model in self.models), default=0)
        return tuple(
            f"{model.name:<{width}}  {model.place:<7}  {_size_text(model.size_bytes)}  "
            + (str(model.path) if model.path is not None else f"{model.title}; {model.licence}")
            for model in self.models
        )


def run_model_list(
    studio: Studio, options: ModelListOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelListResult:
    """Say which models there are. No file is opened."""
    check_options(options)
    here = _at(bundled_models_dir(), bundled_models(), "bundled")
    kept = _at(library_dir(studio.paths), library_models(studio.paths), "library")
    names = {model.name for model in (*here, *kept)}
    others = tuple(
        KnownModel(
            source.name,
            "to get",
            source.size_bytes,
            None,
            f"{family_title(source.family)}, {source.resolution} px: {source.title}",
            source.licence,
            source.page if isinstance(source, WebSource) else f"https://pypi.org/project/{source.project}/",
        )
        for source in SOURCES.values()
        if source.name not in names
    )
    return ModelListResult((*here, *kept, *others), options.json)


def _at(folder: Path, names: tuple[str, ...], place: Literal["bundled", "library"]) -> tuple[KnownModel, ...]:
    files = ((name, weights_path(folder, name)) for name in names)
    return tuple(KnownModel(name, place, path.stat().st_size, path) for name, path in files)


def _size_text(size_bytes: int | None) -> str:
    return "     ?   " if size_bytes is None else f"{size_bytes / 1e6:6.1f} MB"
