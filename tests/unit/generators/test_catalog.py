"""The catalogue of families."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from latent_studio.core.errors import UnknownFormatError
from latent_studio.generators.catalog import FAMILIES, build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.generators.stylegan2 import StyleGAN2
from latent_studio.generators.toy import ToyGenerator

CHECKPOINT = random_checkpoint(8, z_dim=4, w_dim=4, channel_max=4, mapping_layers=1)


def test_a_checkpoint_becomes_a_generator_of_its_family():
    assert isinstance(build_generator(CHECKPOINT), StyleGAN2)
    assert isinstance(build_generator(replace(CHECKPOINT, family="toy", tensors={})), ToyGenerator)


def test_an_unknown_family_names_all_known_ones():
    with pytest.raises(UnknownFormatError, match="'vqgan'") as caught:
        build_generator(replace(CHECKPOINT, family="vqgan"))

    assert all(family in caught.value.hint for family in FAMILIES)


def test_the_catalogue_imports_no_family_before_its_first_use():
    code = (
        "import sys; import latent_studio.generators.catalog;"
        "assert not [m for m in sys.modules if m.startswith('latent_studio.generators.s')];"
        "assert 'torch' not in sys.modules"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
