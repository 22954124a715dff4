"""Names of a timeline's parameters, as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from latent_studio.core.parameters import CLASSES, direction_id_of

if TYPE_CHECKING:
    from latent_studio.core.timeline import Timeline


def parameter_label(parameter: str, timeline: Timeline) -> str:
    """A parameter in a word or two: a direction's name, or that of a setting."""
    track = timeline.track(parameter)
    if track is not None and track.direction is not None:
        return track.direction.name
    direction_id = direction_id_of(parameter)
    if direction_id is not None:
        found = [edit for key in timeline.keys for edit in key.pose.edits if edit.id == direction_id]
        return found[0].direction.name if found else direction_id
    return synthesis_labels().get(parameter, parameter.replace("_", " "))


def synthesis_labels() -> dict[str, str]:
    """The settings that can have keys of their own, with their names."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("parameters", text)

    return {
        "truncation_psi": tr("ψ"),
        "truncation_cutoff": tr("cut-off"),
        "noise_mode": tr("noise"),
        "noise_seed": tr("noise seed"),
        "translate_x": tr("move x"),
        "translate_y": tr("move y"),
        "rotate_degrees": tr("turn"),
        CLASSES: tr("class"),
        "lod": tr("detail"),
    }
