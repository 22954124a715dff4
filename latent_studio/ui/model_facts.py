"""Facts about a model in the few words its card has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.checkpoints.checkpoint import Provenance
    from latent_studio.core.spec import GeneratorSpec

_FORMATS = {"nvidia-pickle": "NVIDIA .pkl", "tensorflow-pickle": "NVIDIA .pkl of TensorFlow"}


def family_name(family: str) -> str:
    """A family as its authors write it."""
    # Where there is a model to describe, torch is in already; the first window must not wait for it.
    from latent_studio.checkpoints.families import FAMILIES

    known = FAMILIES.get(family)
    return known.title if known is not None else family


def headline(spec: GeneratorSpec) -> str:
    """``"StyleGAN2 · 256 px · 14 rows"``, and short enough for the panel where the sides differ."""
    rows = f"{spec.num_ws} row{'s' if spec.num_ws != 1 else ''}"
    high, wide = spec.picture_size
    size = f"{high} px" if spec.is_square else f"{wide}×{high}"
    return f"{family_name(spec.family)} · {size} · {rows}"


def shape_text(spec: GeneratorSpec) -> str:
    """``"z 128 · w 128 · ws 14 × 128"``, and the number of classes when there are any."""
    parts = [f"z {spec.z_dim}", f"w {spec.w_dim}", f"ws {spec.num_ws} × {spec.w_dim}"]
    if spec.c_dim:
        parts.append(f"{spec.c_dim} classes")
    return " · ".join(parts)


def file_text(spec: GeneratorSpec, provenance: Provenance) -> str:
    """``"1.4 M parameters · 5.3 MB"``."""
    return f"{count_text(spec.num_parameters)} parameters · {size_text(provenance.size_bytes)}"


def estimate_text(model: LoadedModel) -> str:
    """``"about 31 MB · 60 ms a picture"``: what it takes, estimated before anything runs."""
    parts = [f"about {size_text(model.estimate.total_bytes)}"]
    if model.frame_seconds is not None:
        parts.append(f"{time_text(model.frame_seconds)} a picture")
    return " · ".join(parts)


def time_text(seconds: float) -> str:
    """A time in a few characters: ``"60 ms"``."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def badge_text() -> str:
    """Why the file could not do harm."""
    return "● read as data, no code run"


def tooltip_text(model: LoadedModel) -> str:
    """Everything that is known about the file, one fact a line."""
    provenance = model.provenance
    lines = [
        str(provenance.path),
        f"Format: {_FORMATS.get(provenance.format, provenance.format)}",
        f"SHA-256: {provenance.sha256[:16]}…",
    ]
    if provenance.licence:
        lines.append(f"Licence: {provenance.licence}")
    if provenance.averaged is not None:
        lines.append("The average over training" if provenance.averaged else "Not the average over training")
    lines.append(f"Memory and time: {estimate_text(model)}, estimated")
    lines += provenance.notes
    return "\n".join(lines)


def count_text(count: int) -> str:
    """A large number in a few characters: ``"1.4 M"``."""
    for limit, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return str(count)


def size_text(size_bytes: int) -> str:
    """A file's size as file browsers write it: ``"5.5 MB"``."""
    for limit, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size_bytes >= limit:
            return f"{size_bytes / limit:.3g} {unit}"
    return f"{size_bytes} B"
