"""A ranking as CSV, JSON, Markdown and one HTML page with its pictures inside."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import math
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from latent_studio import __version__
from latent_studio.app.ranking import RankedPath
from latent_studio.exporters.part_file import make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.ranking import Ranking

#: Rows of a contact sheet shown in the page.
_ROWS_SHOWN = 3
_WHAT = (
    "Score: the end of the correlation's 95 % interval that is nearer to zero, times the selectivity; less "
    "for paths that hardly move the attribute. Effect: change from end to end, in standard deviations over "
    "random pictures. Selectivity: the attribute's share of all change. Mean curve: the correlation of the "
    "mean over all pictures with the amount; where each has a step at another place, the mean has none. corr "
    "and corr-l1: as published, for comparison."
)


def write_report(
    ranking: Ranking, attributes: tuple[str, ...], folder: Path, *, top: int
) -> tuple[Path, ...]:
    """Write ``ranking.csv``, ``.json``, ``.md``, ``.html`` and the published tables; the same every time.

    Args:
        ranking: what was measured.
        attributes: ids, in the order to show them.
        folder: made if it is missing.
        top: paths per attribute in the texts for people; CSV and JSON have all.

    Returns:
        the files.

    Raises:
        ExportError: the disk refuses.
    """
    make_folder(folder)
    texts = {
        "ranking.csv": _csv(ranking, attributes),
        "ranking.json": _json(ranking, attributes),
        "ranking.md": _markdown(ranking, attributes, top),
        "ranking.html": _html(ranking, attributes, top),
        "corr.csv": _published(ranking, attributes, l1=False),
        "corr_l1.csv": _published(ranking, attributes, l1=True),
    }
    for name, text in texts.items():
        write_file(folder / name, text.encode())
    return tuple(folder / name for name in texts)


def _csv(ranking: Ranking, attributes: tuple[str, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(RankedPath)]
    writer.writerow(["attribute", *names])
    for attribute in attributes:
        for path in ranking.by_attribute(attribute):
            writer.writerow([attribute, *(_cell(getattr(path, name)) for name in names)])
    return out.getvalue()


def _published(ranking: Ranking, attributes: tuple[str, ...], *, l1: bool) -> str:
    table = ranking.corr_l1 if l1 else ranking.corr
    columns = [ranking.column(attribute) for attribute in attributes]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["path_id", *attributes])
    for row, path_idx in enumerate(ranking.table.paths):
        writer.writerow([path_idx, *(f"{table[row, column]:.3f}" for column in columns)])
    return out.getvalue()


def _json(ranking: Ranking, attributes: tuple[str, ...]) -> str:
    traversal = ranking.traversal
    by_attribute = {
        attribute: [_finite(asdict(path)) for path in ranking.by_attribute(attribute)]
        for attribute in attributes
    }
    record = {
        "program": f"Latent Studio {__version__}",
        "model": {"name": traversal.model_name, "sha256": traversal.model_sha256},
        "latents": len(traversal.seeds),
        "amounts": list(traversal.amounts),
        "unit": "sigma" if traversal.in_sigma else "direction",
        "even": traversal.even,
        "attributes": {
            info.id: _finite(asdict(info) | {"spread": float(spread)})
            for info, spread in zip(ranking.attributes, ranking.table.spread, strict=True)
            if info.id in attributes
        },
        "ranking": by_attribute,
    }
    return json.dumps(record, indent=1)


def _markdown(ranking: Ranking, attributes: tuple[str, ...], top: int) -> str:
    lines = [
        f"# Ranking of {len(ranking.table.paths)} paths of {ranking.traversal.model_name}",
        "",
        _WHAT,
        *(
            ["", "Steps are even to the eye: each changes the picture as much."]
            if ranking.traversal.even
            else []
        ),
        "",
    ]
    for attribute in attributes:
        info = ranking.attributes[ranking.column(attribute)]
        lines += [f"## {info.title}", "", "| " + " | ".join(_HEADS) + " |"]
        lines += ["| " + " | ".join("---" for _ in _HEADS) + " |"]
        lines += ["| " + " | ".join(_row(path)) + " |" for path in ranking.by_attribute(attribute)[:top]]
        best = ranking.by_attribute(attribute)[0]
        lines += ["", f"![{info.title}](../path{best.path_idx:03d}/sheet.png)", ""]
    return "\n".join(lines)


def _html(ranking: Ranking, attributes: tuple[str, ...], top: int) -> str:
    traversal = ranking.traversal
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>Ranking of {html.escape(traversal.model_name)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Paths of {html.escape(traversal.model_name)}</h1>",
        f"<p>{len(ranking.table.paths)} paths from {len(traversal.seeds)} pictures, amounts "
        f"{traversal.amounts[0]:g} to {traversal.amounts[-1]:g}{' sigma' if traversal.in_sigma else ''}"
        f"{', in steps even to the eye' if traversal.even else ''}.</p>",
        f"<p class='note'>{html.escape(_WHAT)}</p>",
        "<nav>",
    ]
    for attribute in attributes:
        info = ranking.attributes[ranking.column(attribute)]
        parts.append(f"<a href='#{html.escape(info.id)}'>{html.escape(info.title)}</a> ")
    parts.append("</nav>")
    for attribute in attributes:
        info = ranking.attributes[ranking.column(attribute)]
        paths = ranking.by_attribute(attribute)[:top]
        parts.append(f"<section id='{html.escape(info.id)}'><h2>{html.escape(info.title)}</h2><table><tr>")
        parts += [f"<th>{html.escape(head)}</th>" for head in _HEADS]
        parts.append("</tr>")
        for path in paths:
            parts.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _row(path)) + "</tr>")
        parts.append("</table>")
        for path in paths:
            parts.append(_figure(ranking, path))
        parts.append("</section>")
    parts.append("</body></html>")
    return "".join(parts)


_HEADS = (
    "Rank",
    "Path",
    "Score",
    "Pearson (95 %)",
    "Mean curve (95 %)",
    "Monotone",
    "Effect",
    "Selectivity",
    "Most changed beside it",
    "corr",
    "corr-l1",
)
_STYLE = (
    "body{background:#16181d;color:#d8dbe2;font:14px system-ui,sans-serif;margin:24px auto;max-width:1120px;"
    "padding:0 16px}h1{font-size:22px}h2{font-size:17px;margin-top:36px}a{color:#8ab4ff;margin-right:10px}"
    "table{border-collapse:collapse;margin:8px 0 12px}td,th{padding:4px 10px;text-align:right;"
    "border-bottom:1px solid #333843}th{color:#9aa0ad;font-weight:500}td:nth-child(2),th:nth-child(2),"
    "td:nth-child(9),th:nth-child(9){text-align:left}figure{margin:10px 0}figure img{max-width:100%;"
    "border-radius:4px}figcaption{color:#9aa0ad;margin-bottom:4px}.note{color:#9aa0ad;max-width:80ch}"
)


def _row(path: RankedPath) -> tuple[str, ...]:
    side = f"{path.side} {path.side_size:+.1f} sd" if path.side else "-"
    return (
        str(path.rank),
        f"{path.path_idx}: {path.name}",
        f"{path.score:.2f}",
        _with_interval(path.pearson, path.pearson_low, path.pearson_high),
        _with_interval(path.curve, path.curve_low, path.curve_high),
        f"{path.monotonicity:+.2f}",
        f"{path.effect:+.2f} sd",
        f"{path.selectivity:.0%}",
        side,
        f"{path.corr:.3f}",
        f"{path.corr_l1:.3f}",
    )


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:+.2f}" + ("" if math.isnan(low) else f" ({low:+.2f} to {high:+.2f})")


def _figure(ranking: Ranking, path: RankedPath) -> str:
    """The first rows of a path's contact sheet, inside the page; nothing if there is no sheet."""
    picture = strip_jpeg(ranking, path.path_idx)
    if picture is None:
        return ""
    source = base64.b64encode(picture).decode()
    caption = html.escape(f"{path.rank}. {path.name}")
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f"<img alt='{caption}' src='data:image/jpeg;base64,{source}'></figure>"
    )


def strip_jpeg(ranking: Ranking, path_idx: int, *, rows: int = _ROWS_SHOWN) -> bytes | None:
    """The first rows of a path's contact sheet as a JPEG; ``None`` if it has none."""
    from PIL import Image

    sheet = ranking.traversal.path_folder(path_idx) / "sheet.png"
    if not sheet.is_file():
        return None
    with Image.open(sheet) as opened:
        whole = opened.convert("RGB")
    count = len(ranking.traversal.seeds)
    height = round(whole.height * min(rows, count) / count)
    out = io.BytesIO()
    whole.crop((0, 0, whole.width, height)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def _finite(record: dict[str, object]) -> dict[str, object]:
    """JSON has no word for NaN."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
