"""Moments of a film as states that sliders can go on from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.pose import Pose
    from latent_studio.core.pose_blends import MixBlend, NoiseBlend
    from latent_studio.core.session import Base
    from latent_studio.core.style_mix import StyleMix


def settled(studio: Studio, pose: Pose) -> Pose:
    """The same picture from one place: what lies between keys becomes what the model makes of it.

    A blend of places becomes a latent, one of mixes the rows that come of it, one of noise its maps, and one
    of centres a centre.

    Args:
        studio: its open model is the pose's.
        pose: as a timeline gives it.

    Raises:
        LatentStudioError: the pose does not fit the model.
    """
    from latent_studio.core.base_blend import BaseBlend
    from latent_studio.core.edits import EditStack
    from latent_studio.core.pose_blends import CentreBlend, MixBlend, NoiseBlend
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.spaces import Space

    if isinstance(pose.centre, CentreBlend):
        pose = replace(pose, centre=studio.engine.resolve_centre(RenderRequest.of_pose(pose, revision=0)))
    if isinstance(pose.noise, NoiseBlend):
        pose = replace(pose, noise=_found(studio, pose.noise))
    if isinstance(pose.mix, MixBlend):
        pose = replace(pose, mix=_mixed_rows(studio, pose, pose.mix))
    if isinstance(pose.base, BaseBlend):
        latent = studio.engine.resolve_base(RenderRequest.of_pose(pose, revision=0))
        if latent.space is not Space.Z:
            # Edits in z are in the latent already.
            kept = tuple(edit for edit in pose.edits if edit.direction.space is not Space.Z)
            pose = replace(pose, edits=EditStack(kept))
        pose = replace(pose, base=latent)
    mix = pose.mix
    if mix is not None and not isinstance(mix, MixBlend) and isinstance(mix.source, BaseBlend):
        source = replace(pose, base=mix.source, edits=EditStack(), mix=None)
        latent = studio.engine.resolve_base(RenderRequest.of_pose(source, revision=0))
        pose = replace(pose, mix=replace(mix, source=cast("Base", latent)))
    return pose


def _mixed_rows(studio: Studio, pose: Pose, mix: MixBlend) -> StyleMix:
    """The rows that several mixes make together, taken whole from the latent that has them."""
    from latent_studio.core.edits import EditStack
    from latent_studio.core.latent import Latent
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.spaces import Space
    from latent_studio.core.style_mix import StyleMix

    # As they are where mixing happens: moved by edits in z alone, and not truncated yet.
    before = tuple(edit for edit in pose.edits if edit.direction.space is Space.Z)
    plain = replace(
        pose, edits=EditStack(before), synthesis=replace(pose.synthesis, truncation_psi=1.0), locks=()
    )
    ws = studio.engine.resolve_ws(RenderRequest.of_pose(plain, revision=0))
    rows = tuple(sorted({row for part in mix.parts for row in part.rows}))
    return StyleMix(Latent(Space.W_PLUS, ws), rows)


def _found(studio: Studio, noise: NoiseBlend) -> FoundNoise | None:
    """The maps of a blend."""
    import numpy as np

    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.engine.renderer import noise_maps_of

    generator = studio.engine.generator
    if generator is None:
        return None
    with studio.engine.job_step():
        maps = noise_maps_of(noise, generator)
        return FoundNoise([np.zeros((1, 1)) if one is None else one[0, 0].cpu().numpy() for one in maps])
