"""rank: which of the walked paths changes an attribute best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.ranking import Ranking
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class RankOptions:
    """Of which traversal, by what."""

    traversal: Path = option(
        help="Folder that “pool traverse” wrote and “attributes” measured.", positional=True, metavar="OUT"
    )
    out: Path | None = option(
        None, help="Folder of the report; ranking in the traversal's own when not given.", metavar="DIR"
    )
    group: str | None = option(
        None,
        help="Rank a group's attributes only, against each other: a published one such as Rotation, or "
        "pose, expression, hair, tone.",
        metavar="NAME",
    )
    attribute: tuple[str, ...] = option(
        (), help="Rank this attribute only; give it again for more.", repeat=True, metavar="ID"
    )
    top: int = option(
        3, help="Paths per attribute in the page; tables have all.", low=1, high=1000, metavar="N"
    )
    bind: tuple[str, ...] = option(
        (),
        help="Keep the best path for this attribute in the model's library, named after it, turned so that "
        "more is up; give it again for more.",
        repeat=True,
        metavar="ID",
    )
    model: str = option("", help="The model, for --bind; found by its name when not given.", metavar="MODEL")


@dataclass(frozen=True, slots=True)
class RankResult:
    """The ranking.

    Attributes:
        ranking: all of it.
        attributes: ids that were ranked.
        files: the report.
        bound: a sentence for each slider.
    """

    ranking: Ranking
    attributes: tuple[str, ...]
    files: tuple[Path, ...]
    bound: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The best path of each attribute, then the files."""
        best = []
        for attribute in self.attributes:
            path = self.ranking.by_attribute(attribute)[0]
            best.append(
                f"{attribute:<24} {path.name:<16} Pearson {path.pearson:+.2f}  effect {path.effect:+.2f} sd  "
                f"selectivity {path.selectivity:.0%}"
            )
        return (*best, *self.bound, *(str(path) for path in self.files))


def run_rank(studio: Studio, options: RankOptions, progress: ProgressSink, cancel: CancelToken) -> RankResult:
    """Measure, rank and write the report. Same traversal, same bytes.

    Raises:
        InputError: nothing was measured there, or an attribute asked for was not.
        OptionError: there is no such group, or none of its attributes was measured.
        ExportError: the disk refuses.
    """
    from latent_studio.app.attribute_tables import read_attribute_table
    from latent_studio.app.ranking import bind_best, rank
    from latent_studio.app.ranking_report import write_report
    from latent_studio.app.traversals import read_traversal

    check_options(options)
    traversal = read_traversal(options.traversal)
    table = read_attribute_table(options.traversal)
    ids = _chosen(options, table.ids)
    progress(Progress(None, "Measuring"))
    ranking = rank(traversal, table.only(ids) if options.group is not None else table)
    for attribute in options.bind:
        ranking.column(attribute)
    cancel.check()
    files = write_report(ranking, ids, options.out or options.traversal / "ranking", top=options.top)
    bound: list[str] = []
    if options.bind:
        model = studio.use_model(options.model or traversal.model_name, progress=progress, cancel=cancel)
        traversal.check_model(model.ref)
        for attribute in options.bind:
            best = bind_best(model.library, ranking, attribute)
            title = ranking.attributes[ranking.column(attribute)].title
            bound.append(f"{best.name} is now the slider {title} of {model.ref.name}")
    progress(Progress(1.0, f"Ranked {len(table.paths)} paths"))
    return RankResult(ranking, ids, files, tuple(bound))


def _chosen(options: RankOptions, known: tuple[str, ...]) -> tuple[str, ...]:
    from latent_studio.methods.ranking.groups import GROUPS, members

    if options.group is None:
        missing = [one for one in options.attribute if one not in known]
        if missing:
            raise InputError(
                f"The attribute {missing[0]!r} was not measured.", hint=f"Measured: {', '.join(known)}."
            )
        return options.attribute or known
    if options.group not in GROUPS:
        raise OptionError(
            "--group", f"--group is {options.group}, but must be one of {', '.join(sorted(GROUPS))}."
        )
    there, missing_ones = members(options.group, known)
    if not there:
        raise OptionError(
            "--group",
            f"None of the attributes of {options.group} was measured: {', '.join(missing_ones)}.",
            hint=f"Measured: {', '.join(known)}.",
        )
    return there
