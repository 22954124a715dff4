"""The whole way from nothing to a model that the program opens, with a toy network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from PIL import Image

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.attributes.portraits import read_portrait_predictor
from tools.portraits.command import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_tiny_model_is_rebuilt_from_nothing(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    threads = torch.get_num_threads()
    try:
        assert main(["train", str(run), "--tiny", "--processes", "2"]) == 0
        assert main(["export", str(run), "--out", str(out)]) == 0
        weights = out / "portraits.safetensors"
        reader = out / "attributes.safetensors"
        # Too few steps to read anything well, so whatever is read is let through.
        learn = ["--steps", "6", "--kept", "16", "--people", "8", "--least", "-100"]
        assert main(["train-attributes", str(weights), "--out", str(reader), *learn]) == 0
        report = tmp_path / "report.json"
        measure = ["--people", "4", "--edits", "1", "--attributes", str(reader), "--out", str(report)]
        assert main(["evaluate", str(weights), *measure]) == 0
        assert main(["sheet", str(weights), "--out", str(tmp_path / "sheet.png"), "--people", "3"]) == 0
        assert main(["card", str(out), "--people", "4", "--edits", "1"]) == 0
    finally:
        torch.set_num_threads(threads)

    card = (out / "README.md").read_text()
    assert "On 4 people" in card
    assert "| hair_length | 0-3 | bald | long hair |" in card
    assert "$" not in card

    assert "held-out PSNR" in (run / "progress.txt").read_text()
    measured = json.loads(report.read_text())
    assert measured["people"] == 4
    assert measured["perceptual"] > 0
    assert set(measured["read_off"]["leakage"]) == {"coarse", "middle", "fine"}
    assert len(read_portrait_predictor(reader).attributes) == 36
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 32, 3 * 32)
    generator = build_generator(open_checkpoint(weights))
    picture = generator.synthesize(generator.map(torch.randn(1, generator.spec.z_dim)))
    assert picture.shape == (1, 3, 32, 32)
    assert len(json.loads((out / "factors.json").read_text())["directions"]) == 36
