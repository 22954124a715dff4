"""How much arithmetic a picture takes, and how many threads are worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.generators.protocol import PlannedGenerator

if TYPE_CHECKING:
    from latent_studio.generators.conv_plan import LayerShape
    from latent_studio.generators.protocol import Generator

#: Multiply-adds per picture below which one more thread mostly waits.
_WORK_PER_THREAD = 1e9


def layer_work(shape: LayerShape) -> float:
    """Multiply-adds of a 3x3 convolution; an up-convolution has its products at each input pixel."""
    side = shape.resolution / 2 if shape.up else shape.resolution
    return 9.0 * shape.in_channels * shape.out_channels * side**2


def picture_work(generator: Generator) -> float | None:
    """Multiply-adds of all convolutions of a picture; ``None`` when the family does not tell."""
    if not isinstance(generator, PlannedGenerator):
        return None
    return sum(layer_work(shape) for shape in generator.layer_shapes)


def threads_for(generator: Generator, *, at_most: int) -> int:
    """Threads that pay for this model's pictures on the CPU.

    Threads meet after each operation. With little to do in between they mostly wait, and when another program
    or our own window takes one of their cores, all of them wait for that one. A small model on two cores is
    better off with one thread and an idle core for the window.

    Decided by size and not by measuring: the number of threads decides the last bit of a sum, and all faces
    of the program should give the same bytes.

    Args:
        generator: the model.
        at_most: what the machine or the user allows.
    """
    work = picture_work(generator)
    if work is None:
        return at_most
    fewest = 1 if at_most <= 2 else 2
    return min(at_most, max(fewest, round(work / _WORK_PER_THREAD)))
