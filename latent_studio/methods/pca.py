"""PCA: the directions a model's own latents vary along most (GANSpace).

Härkönen, Hertzmann, Lehtinen and Paris, "GANSpace: Discovering Interpretable GAN Controls", NeurIPS 2020:
principal components of w; for a network without w those of the first layer's activations, carried back to z
by regression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import OptionError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.generators.protocol import Generator

#: Latents mapped, or pictures begun, in one step.
_AT_ONCE = 256
#: Pictures begun at most where activations are looked at: their products make a table of this many squared.
_MOST_ACTIVATIONS = 2_000


class Moments:
    """Mean and scatter of samples that come in pieces; nothing of a piece is kept (Chan et al. 1979).

    Args:
        dim: numbers of one sample.
    """

    def __init__(self, dim: int) -> None:
        self.count = 0
        self.mean: NDArray[np.float64] = np.zeros(dim)
        self._scatter = torch.zeros(dim, dim, dtype=torch.float64)

    def add(self, samples: Tensor) -> None:
        """Take in samples, ``(n, dim)`` on the CPU."""
        x = samples.to(torch.float64)
        n, mean = len(x), x.mean(dim=0)
        centred = x - mean
        shift = mean.numpy() - self.mean
        total = self.count + n
        self._scatter += centred.T @ centred
        self._scatter += torch.from_numpy(np.outer(shift, shift) * (self.count * n / total))
        self.mean = self.mean + shift * (n / total)
        self.count = total

    def components(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Variances ``(dim,)``, the greatest first, and unit components ``(dim, dim)`` as rows.

        Each component has its entry of largest magnitude positive.
        """
        values, columns = torch.linalg.eigh(self._scatter / max(self.count - 1, 1))
        variances = np.maximum(values.flip(0).numpy(), 0.0)
        return variances, _signed(columns.T.flip(0).contiguous().numpy())


def find_pca_directions(
    generator: Generator,
    *,
    model_sha256: str,
    samples: int = 20_000,
    count: int = 20,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _done: None,
    check_cancel: Callable[[], None] = lambda: None,
) -> list[LinearDirection]:
    """Find the directions along which the model's latents vary most.

    Args:
        generator: any family.
        model_sha256: written into each direction's ``info``.
        samples: random latents that are looked at; fewer where activations have to be.
        count: how many directions at most.
        seed: of the random latents.
        progress: told the fraction done.
        check_cancel: called between steps; raises to stop.

    Returns:
        the strongest first; unit vectors whose ``sigma`` is the deviation of the latents along them.

    Raises:
        OptionError: samples or count is too small.
    """
    if samples < 2:
        raise OptionError("--samples", f"--samples is {samples}, but must be at least 2.")
    if count < 1:
        raise OptionError("--count", f"--count is {count}, but must be at least 1.")
    find = _of_w if generator.spec.has_mapping else _of_activations
    vectors, sigmas, shares = find(
        generator, samples=samples, seed=seed, progress=progress, check_cancel=check_cancel
    )
    space = Space.W if generator.spec.has_mapping else Space.Z
    return [
        LinearDirection(
            f"pca:{samples}:{seed}:{k}",
            f"PC {k}",
            space,
            vectors[k],
            sigma=float(sigmas[k]) if sigmas[k] > 1e-6 else 1.0,
            info=DirectionInfo(
                "pca", model_sha256, {"index": k, "variance share": float(shares[k]), "samples": samples}
            ),
        )
        for k in range(min(count, len(vectors)))
    ]


_Found = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


def _of_w(
    generator: Generator,
    *,
    samples: int,
    seed: int,
    progress: Callable[[float], None],
    check_cancel: Callable[[], None],
) -> _Found:
    moments = Moments(generator.spec.w_dim)
    draw = _Draw(generator, seed)
    while moments.count < samples:
        check_cancel()
        z, c = draw.some(min(_AT_ONCE, samples - moments.count))
        with torch.inference_mode():
            moments.add(generator.map(z, c)[:, 0].cpu())
        progress(0.95 * moments.count / samples)
    variances, vectors = moments.components()
    progress(1.0)
    return vectors, np.sqrt(variances), variances / max(variances.sum(), 1e-30)


def _of_activations(
    generator: Generator,
    *,
    samples: int,
    seed: int,
    progress: Callable[[float], None],
    check_cancel: Callable[[], None],
) -> _Found:
    """Principal components of the first stage's activations, and the step in z that goes with each.

    There are more activations than samples, so the components come out of the samples' products. The
    regression is the paper's: with X the coordinates of the samples along the components, ``U = argmin |U X -
    Z|``.
    """
    draw = _Draw(generator, seed)
    count = min(samples, _MOST_ACTIVATIONS)
    noise = generator.noise_maps("none")
    stage = generator.stages[0]
    zs, activations = [], []
    done = 0
    while done < count:
        check_cancel()
        z, c = draw.some(min(32, count - done))
        with torch.inference_mode():
            x = stage.run(None, None, generator.map(z, c), noise).x
        zs.append(z.cpu())
        activations.append(x.reshape(len(x), -1).float().cpu())
        done += len(z)
        progress(0.8 * done / count)
    z_all, a = torch.cat(zs).double(), torch.cat(activations).double()
    a -= a.mean(dim=0)
    check_cancel()
    values, columns = torch.linalg.eigh(a @ a.T)
    kept = min(generator.spec.z_dim, count - 1)
    variances = np.maximum(values.flip(0)[:kept].numpy(), 0.0) / (count - 1)
    # Coordinates in units of one sigma: the samples' own left singular vectors.
    scores = columns.flip(1)[:, :kept].numpy() * np.sqrt(count - 1)
    steps = scores.T @ (z_all - z_all.mean(dim=0)).numpy() / (count - 1)
    lengths = np.linalg.norm(steps, axis=1)
    progress(1.0)
    vectors = _signed(steps / np.maximum(lengths, 1e-12)[:, None])
    # z is standard normal, so one sigma of it along a unit vector is one.
    return vectors, np.ones(kept), variances / max(variances.sum(), 1e-30)


class _Draw:
    """Random z, and random classes where the model has some; the same seed draws the same."""

    def __init__(self, generator: Generator, seed: int) -> None:
        self._spec = generator.spec
        self._device = generator.device
        self._rng = np.random.default_rng(seed)

    def some(self, count: int) -> tuple[Tensor, Tensor | None]:
        z = self._rng.standard_normal((count, self._spec.z_dim), dtype=np.float32)
        c = None
        if self._spec.c_dim:
            labels = torch.from_numpy(self._rng.integers(self._spec.c_dim, size=count))
            c = torch.nn.functional.one_hot(labels, self._spec.c_dim).to(self._device, torch.float32)
        return torch.from_numpy(z).to(self._device), c


def _signed(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows with their entry of largest magnitude positive; a direction and its opposite serve alike."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
    return np.asarray(vectors * np.where(largest < 0, -1.0, 1.0))
