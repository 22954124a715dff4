from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.core.errors import DownloadError
from latent_studio.methods.projection.lpips_net import LpipsNet, load_picture_net

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.methods.projection import lpips_net


@pytest.mark.parametrize("loss", ["lpips-alex", "lpips-vgg", "lpips-squeeze"])
def test_without_its_backbone_it_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, loss: lpips_net.LossName
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DownloadError, match=loss) as caught:
        load_picture_net(loss)
    assert "st-lpips" in caught.value.hint


def test_features_of_the_target_once_give_the_packages_distance() -> None:
    net = LpipsNet("lpips-alex", is_random=True)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    others = images.flip(-1)
    ours = net.distance(net.features(images), net.features(others))
    theirs = net._network(images, others).flatten()
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert net.distance(net.features(images), net.features(images)).abs().max() == 0


def test_the_one_that_comes_with_the_program_is_there() -> None:
    assert load_picture_net("st-lpips").name == "ST-LPIPS (alex)"
