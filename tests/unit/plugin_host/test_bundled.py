"""The plugins that come with the program keep what their manifests promise, and do something useful."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.core.errors import PluginError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.spec import GeneratorSpec
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import choose_format, make_exporter
from latent_studio.exporters.recipe_text import read_recipe
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.plugin_host.discover import bundled_plugins_dir
from latent_studio.plugin_host.host import PluginHost
from latent_studio.testing import check_plugin

if TYPE_CHECKING:
    from pathlib import Path

NAMES = sorted(path.parent.name for path in bundled_plugins_dir().glob("*/plugin.toml"))


@pytest.fixture
def host(tmp_path: Path) -> PluginHost:
    return PluginHost(tmp_path / "plugins.json")


def test_there_is_one_of_each_kind_and_none_is_enabled(host: PluginHost) -> None:
    statuses = host.statuses()
    assert {one.state for one in statuses} == {"off"}
    manifests = [one.manifest for one in statuses if one.manifest is not None]
    kinds = [one.kind for manifest in manifests for one in manifest.contributions]
    assert sorted(kinds) == ["attributes", "direction_sources", "docks", "exporters"]
    assert all(one.permissions and one.requirements for one in manifests)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "histogram"])
def test_it_keeps_its_promises(name: str, tmp_path: Path) -> None:
    quick = {"ica": {"count": 4, "samples": 256}}
    check_plugin(bundled_plugins_dir() / name, tmp_path, options=quick)


@pytest.mark.gui
def test_the_panel_keeps_its_promises(tmp_path: Path, qapp: object) -> None:
    check_plugin(bundled_plugins_dir() / "histogram", tmp_path)


def test_a_long_film_fills_several_pages_of_paper(host: PluginHost, tmp_path: Path) -> None:
    host.enable("contact-sheet")
    path = tmp_path / "film.pdf"
    settings = FilmSettings(columns=3)
    exporter = make_exporter(choose_format(path, formats=host.formats()), settings)
    exporter.open(path, size=(40, 40), fps=25, loop=0, recipe=(recipe := r'{"seed": 7, "name": "a (\\) ü"}'))
    for k in range(20):
        exporter.add(np.full((40, 40, 3), 10 * k, np.uint8))
    exporter.close()
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page\n") == 2
    assert data.count(b"/DCTDecode") == 2
    assert read_recipe(path) == recipe


def test_composition_tells_a_mirrored_picture_and_where_its_weight_is(host: PluginHost) -> None:
    host.enable("composition")
    predictor = host.predictors().get("composition").load(torch.device("cpu"))
    columns = [one.id for one in predictor.attributes]
    half = torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mirrored = torch.cat([half, half.flip(3)], dim=3)
    right = torch.full((1, 3, 64, 64), -0.2)
    right[:, :, 20:40, 50:60] = 1.0
    seen = predictor.predict(torch.cat([mirrored, right]))
    assert seen[0, columns.index("symmetry")] == pytest.approx(1.0, abs=1e-4)
    assert seen[1, columns.index("balance_x")] > 0.1 > abs(seen[0, columns.index("balance_x")])


def test_independent_components_separate_what_was_mixed(host: PluginHost) -> None:
    host.enable("independent-components")
    generator = build_generator(
        random_checkpoint(16, z_dim=8, w_dim=8, channel_base=256, channel_max=16, mapping_layers=2)
    )
    source = host.direction_source("ica")
    found = source.find(
        generator,
        source.options(count=4, samples=2000),
        model_sha256="abc",
        progress=ignore_progress,
        cancel=CancelToken(),
    )
    assert [one.id for one in found] == [f"ica:2000:0:4:{k}" for k in range(4)]
    vectors = np.stack([one.vector for one in found])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    # Not the principal components: those stand at right angles to each other.
    cosines = np.abs(vectors @ vectors.T - np.eye(4))
    assert 0.02 < cosines.max() < 0.999


def test_a_model_without_mapping_network_is_refused_in_the_plugins_own_words(host: PluginHost) -> None:
    host.enable("independent-components")
    source = host.direction_source("ica")
    generator = SimpleNamespace(spec=GeneratorSpec("dcgan", 16, 3, 8, 8, 1, has_mapping=False))
    with pytest.raises(PluginError, match="mapping network"):
        source.find(
            generator,  # type: ignore[arg-type]
            source.options(),
            model_sha256="",
            progress=ignore_progress,
            cancel=CancelToken(),
        )
    assert host.status("independent-components").state == "on"
