"""Independent components of w, found by FastICA.

Hyvaerinen, "Fast and robust fixed-point algorithms for independent component analysis", 1999. Principal
components are only uncorrelated; independent ones separate what varies equally much.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch

from latent_studio.api import LinearDirection, Space, UnsupportedOperationError, option


@dataclass(frozen=True)
class IcaOptions:
    """The form in the window and ``--set`` on the command line come from these."""

    count: int = option(12, help="How many directions.", low=1, high=128)
    samples: int = option(4000, help="Random latents to look at.", low=64, high=200_000)
    seed: int = option(0, help="Which random latents.", low=0, high=2**31 - 1)


class IcaSource:
    """See ``latent_studio.api.DirectionSource``."""

    options = IcaOptions

    def find_directions(self, generator, options, *, progress, check_cancel):
        """Unit vectors in w, those with the longest tails first."""
        spec = generator.spec
        if not spec.has_mapping:
            raise UnsupportedOperationError(
                "Independent components need a model with a mapping network: z itself is independent already."
            )
        w = _sample_w(generator, options, progress, check_cancel)
        count = min(options.count, spec.w_dim, len(w) - 1)
        progress(0.6, "Separate components")
        from sklearn.decomposition import FastICA

        ica = FastICA(n_components=count, whiten="unit-variance", random_state=options.seed, max_iter=300)
        with warnings.catch_warnings():
            # One that has not quite settled is still a direction; the number of rounds is bounded.
            warnings.simplefilter("ignore")
            sources = ica.fit_transform(w)
        check_cancel()
        # How far from a bell each component is: what stands out is what a person can name.
        kurtosis = np.mean((sources / sources.std(0)) ** 4, axis=0) - 3
        found = []
        for place, k in enumerate(np.argsort(-np.abs(kurtosis), kind="stable")):
            mixed = ica.mixing_[:, k]
            unit = mixed / np.linalg.norm(mixed)
            if unit[np.argmax(np.abs(unit))] < 0:
                unit = -unit
            found.append(
                LinearDirection(
                    f"{options.samples}:{options.seed}:{count}:{place}",
                    f"IC {place}",
                    Space.W,
                    unit,
                    sigma=float(np.std(w @ unit)),
                )
            )
        return found


def _sample_w(generator, options, progress, check_cancel):
    """``(samples, w_dim)`` float64 of random z."""
    rng = torch.Generator().manual_seed(options.seed)
    spec, rows = generator.spec, []
    for start in range(0, options.samples, 256):
        check_cancel()
        n = min(256, options.samples - start)
        z = torch.randn(n, spec.z_dim, generator=rng).to(generator.device)
        c = None
        if spec.c_dim:
            labels = torch.randint(spec.c_dim, (n,), generator=rng)
            c = torch.nn.functional.one_hot(labels, spec.c_dim).float().to(generator.device)
        with torch.no_grad():
            rows.append(generator.map(z, c)[:, 0].cpu().double().numpy())
        progress(0.5 * (start + n) / options.samples, "Draw latents")
    return np.concatenate(rows)
