"""Moments of a film as states that sliders can go on from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.pose import Pose
    from latent_studio.core.session import Base


def settled(studio: Studio, pose: Pose) -> Pose:
    """The same picture from one place: a blend of places becomes the latent that the model makes of it.

    Args:
        studio: its open model is the pose's.
        pose: as a timeline gives it.

    Raises:
        LatentStudioError: the pose does not fit the model.
    """
    from latent_studio.core.base_blend import BaseBlend
    from latent_studio.core.edits import EditStack
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.spaces import Space

    if isinstance(pose.base, BaseBlend):
        latent = studio.engine.resolve_base(RenderRequest.of_pose(pose, revision=0))
        if latent.space is not Space.Z:
            # Edits in z are in the latent already.
            kept = tuple(edit for edit in pose.edits if edit.direction.space is not Space.Z)
            pose = replace(pose, edits=EditStack(kept))
        pose = replace(pose, base=latent)
    if pose.mix is not None and isinstance(pose.mix.source, BaseBlend):
        source = replace(pose, base=pose.mix.source, edits=EditStack(), mix=None)
        latent = studio.engine.resolve_base(RenderRequest.of_pose(source, revision=0))
        pose = replace(pose, mix=replace(pose.mix, source=cast("Base", latent)))
    return pose
