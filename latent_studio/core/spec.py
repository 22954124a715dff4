"""GeneratorSpec: the facts about a generator, without its weights."""

from __future__ import annotations

from dataclasses import dataclass

from latent_studio.core.errors import UnsupportedOperationError


def require_square(spec: GeneratorSpec) -> None:
    """Refuse what needs square pictures.

    Raises:
        UnsupportedOperationError: this model's are not.
    """
    if not spec.is_square:
        high, wide = spec.picture_size
        raise UnsupportedOperationError(
            f"Photos cannot be projected into this model: its pictures are {wide} x {high}, not square.",
            hint="Sliders, walks and exports work; for photos take a model with square pictures.",
        )


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """What callers may know about a generator.

    Attributes:
        family: architecture id in the catalogue, such as ``"stylegan2"``.
        resolution: side of the output in pixels, when it is square; what it is called when it is not.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        z_dim: length of a z.
        w_dim: length of one row of ws; equals ``z_dim`` for families without a mapping network and classes.
        num_ws: rows of ws; 1 for families without per-layer styles.
        c_dim: number of class labels; 0 when unconditional.
        has_mapping: False when w is z itself (ProgGAN, SNGAN, DCGAN), or z and a class (BigGAN).
        class_dims: how many trailing numbers of a row of ws say which class it is, as a vector the network
            learned; truncation leaves them alone. 0 where the mapping network blends z and class.
        stage_resolutions: the same of the output after each stage, coarse to fine.
        num_parameters: trained numbers in the network.
        variant: architecture detail worth showing, such as ``"skip"`` or ``"resnet"``.
        can_move: whether the picture can be moved and turned by moving the network's input.
        highest_lod: how many of the finest resolutions can be left out; 0 where all are needed.
        lod: how many the file leaves out.
        sizes: sides in pixels of the pictures it can draw, by ``chosen_scale``; empty with one size.
        has_styles: whether single channels of its layers' styles can be moved.
        base: rows and columns of the learned constant that synthesis grows from; pictures have its shape.
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
    base: tuple[int, int] = (4, 4)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width of the picture in pixels."""
        return self.size_of(self.resolution)

    @property
    def is_square(self) -> bool:
        """Whether pictures are as high as wide."""
        return self.base[0] == self.base[1]

    def size_of(self, resolution: int) -> tuple[int, int]:
        """Height and width in pixels of a stage's output."""
        high, wide = self.base
        return resolution * high // 4, resolution * wide // 4

    def size_at(self, chosen_scale: int | None) -> tuple[int, int]:
        """Height and width in pixels of the picture at a scale; ``None`` is the file's own."""
        if chosen_scale is None or not self.sizes:
            return self.picture_size
        return self.sizes[chosen_scale], self.sizes[chosen_scale]
