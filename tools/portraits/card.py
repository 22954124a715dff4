"""The model card: every figure in it measured anew, none typed in."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from latent_studio.app.direction_files import read_direction_file
from latent_studio.core.files import replacing
from latent_studio.methods.attributes.portraits import read_portrait_predictor
from tools.portraits.edit_accuracy import measure_edits
from tools.portraits.evaluation import evaluate
from tools.portraits.factors import FACTORS, GROUP_ROWS, INDEX
from tools.portraits.latents import latent_code
from tools.portraits.weights_file import NAME, read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latent_studio.core.directions import Direction
    from tools.portraits.evaluation import Report

#: The words around the figures.
TEMPLATE = Path(__file__).with_name("card.md")
#: An edit that does less than this share of what it should is named as faint.
_FAINT = 0.2


def write_card(folder: Path, *, people: int = 64, edits: int = 4) -> Path:
    """Measure the model in ``folder``, its predictor and its directions; write ``README.md`` beside them.

    Args:
        folder: with ``portraits.safetensors``, ``attributes.safetensors`` and ``directions``.
        people: held-out people for the overall figures.
        edits: people per factor.
    """
    weights, reader = folder / f"{NAME}.safetensors", folder / "attributes.safetensors"
    network = read_weights(weights)
    code = latent_code(network.shape.z_dim)
    report = evaluate(network, code, count=people, edits=edits)
    read_off = measure_edits(network, code, read_portrait_predictor(reader), people=max(edits, 8))
    notes = _notes(reader)
    renders, generated = json.loads(notes["r2_renders"]), json.loads(notes["r2_generated"])
    names = [info.id for info in read_portrait_predictor(reader).attributes]
    words = {
        "megabytes": f"{weights.stat().st_size / 1e6:.1f}",
        "reader_megabytes": f"{reader.stat().st_size / 1e6:.1f}",
        "people": str(people),
        "edits": str(edits),
        "overall": _overall(report),
        "factors": _factors(report),
        "readings": _table(
            ("attribute", "renders", "the generator's pictures"),
            [(name, f"{renders[name]:.2f}", f"{generated[name]:.2f}") for name in names],
        ),
        "not_offered": _listed({name: value for name, value in generated.items() if name not in names}),
        "read_off": _table(
            ("attribute", "right and furthest", "moved", "others moved"),
            [
                (name, f"{share:.0%}", f"{read_off.moved[name]:.2f}", f"{read_off.side_effect[name]:.2f}")
                for name, share in read_off.accuracy.items()
            ],
        ),
        "leakage": ", ".join(f"{group} {value:.2f}" for group, value in read_off.leakage.items()),
        "boundaries": _accuracies(folder / "directions" / "boundaries.safetensors"),
        "conditional": _names(folder / "directions" / "conditional.safetensors"),
        "faint": ", ".join(name for name, gain in report.edit_gain.items() if gain < _FAINT) or "none",
    }  # fmt: skip
    out = folder / "README.md"
    with replacing(out) as file:
        file.write(Template(TEMPLATE.read_text(encoding="utf-8")).substitute(words).encode())
    return out


def _notes(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return dict(file.metadata())


def _overall(report: Report) -> str:
    psnr = f"{report.psnr:.1f} dB (worst tenth {report.worst_psnr:.1f} dB)"
    mixing = ", ".join(f"{value:.1f}" for value in report.mixing_psnr.values())
    perceptual = "too small" if report.perceptual is None else f"{report.perceptual:.3f}"
    return _table(
        ("", ""),
        [
            ("PSNR against the true picture", psnr),
            ("PSNR on eyes, mouth, rims and outlines only", f"{report.detail_psnr:.1f} dB"),
            ("perceptual distance to the true picture (ST-LPIPS, alex)", perceptual),
            ("contrast of those at psi 0.8, 1 = as sharp as the truth", f"{report.contrast:.2f}"),
            ("people at psi 0.8 with at least 0.6 of it", f"{report.readable:.0%}"),
            ("PSNR after exchanging coarse, middle, fine rows with somebody else", f"{mixing} dB"),
        ],
    )  # fmt: skip


def _factors(report: Report) -> str:
    rows = []
    for factor in FACTORS:
        first, last = GROUP_ROWS[factor.group]
        fidelity, gain = report.edit_fidelity[factor.name], report.edit_gain[factor.name]
        rows.append(
            (factor.name, f"{first}-{last - 1}", factor.low, factor.high, f"{fidelity:.2f}", f"{gain:.2f}")
        )
    return _table(("factor", "rows", "-1", "+1", "fidelity", "gain"), rows)


def _accuracies(path: Path) -> str:
    found: Sequence[Direction] = read_direction_file(path) if path.is_file() else ()
    rows = [(one.name, f"{float(one.info.details['accuracy']):.0%}") for one in found]
    return _table(("direction", "right"), rows)


def _names(path: Path) -> str:
    found: Sequence[Direction] = read_direction_file(path) if path.is_file() else ()
    return ", ".join(one.name for one in found) or "none"


def _listed(values: Mapping[str, float]) -> str:
    order = sorted(values, key=INDEX.__getitem__)
    return ", ".join(f"{name} ({values[name]:.2f})" for name in order) or "none"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
