"""GeneratorSpec: the facts about a generator, without its weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """What callers may know about a generator.

    Attributes:
        family: architecture id in the catalogue, such as ``"stylegan2"``.
        resolution: side of the square output in pixels.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        z_dim: length of a z.
        w_dim: length of one row of ws; equals ``z_dim`` for families without a mapping network and classes.
        num_ws: rows of ws; 1 for families without per-layer styles.
        c_dim: number of class labels; 0 when unconditional.
        has_mapping: False when w is z itself (ProgGAN, SNGAN, DCGAN), or z and a class (BigGAN).
        class_dims: how many trailing numbers of a row of ws say which class it is, as a vector the network
            learned; truncation leaves them alone. 0 where the mapping network blends z and class.
        stage_resolutions: output side after each stage, coarse to fine.
        num_parameters: trained numbers in the network.
        variant: architecture detail worth showing, such as ``"skip"`` or ``"resnet"``.
        can_move: whether the picture can be moved and turned by moving the network's input.
        highest_lod: how many of the finest resolutions can be left out; 0 where all are needed.
        lod: how many the file leaves out.
        sizes: sides in pixels of the pictures it can draw, by ``chosen_scale``; empty with one size.
        has_styles: whether single channels of its layers' styles can be moved.
    """

    family: str
    resolution: int
    channels: int
    z_dim: int
    w_dim: int
    num_ws: int
    c_dim: int = 0
    has_mapping: bool = True
    class_dims: int = 0
    stage_resolutions: tuple[int, ...] = ()
    num_parameters: int = 0
    variant: str = ""
    can_move: bool = False
    highest_lod: int = 0
    lod: float = 0.0
    sizes: tuple[int, ...] = ()
    has_styles: bool = False

    def side_at(self, chosen_scale: int | None) -> int:
        """Side in pixels of the picture at a scale; ``None`` is the file's own."""
        if chosen_scale is None or not self.sizes:
            return self.resolution
        return self.sizes[chosen_scale]
