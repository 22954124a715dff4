"""The verbs of the portrait workshop, from training a generator to the pictures of its page."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from latent_studio.methods.attributes.portraits import read_portrait_predictor
from tools.portraits.edit_accuracy import measure_edits
from tools.portraits.evaluation import evaluate, held_out, held_out_psnr, reconstruct
from tools.portraits.latents import latent_code
from tools.portraits.network import Shape
from tools.portraits.predictor import (
    GOOD_ENOUGH,
    PredictorRecipe,
    measure_predictor,
    read_network,
    train_predictor,
    write_network,
    write_predictor,
)
from tools.portraits.renderer import render
from tools.portraits.sheets import save_sheet
from tools.portraits.trainer import Phase, Progress, Recipe, Trainer, prepare_process
from tools.portraits.weights_file import NAME, read_weights, write_factors, write_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What ``companions`` makes, in this order.
COMPANIONS = ("boundaries", "components", "encoder", "warp")

#: Small enough to rebuild in seconds: shows that every step works, not what the model can do.
TINY = Recipe(
    shape=Shape(channels=(16, 16, 16, 16), w_dim=80),
    phases=(Phase(16, 12, 5e-3, 2e-3), Phase(32, 12, 5e-3, 1e-3)),
    batch=2,
    gentle_pose_steps=8,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.portraits", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)

    train = verbs.add_parser("train", help="train in a folder, or go on where its checkpoint stands")
    train.add_argument("folder", type=Path)
    train.add_argument("--tiny", action="store_true", help="a toy network in seconds")
    train.add_argument("--phases", type=_phases, help="RESOLUTION:STEPS[:RATE[:FINAL_RATE]],…")
    train.add_argument(
        "--start-from", type=Path, metavar="WEIGHTS", help="begin with an exported model, not with chance"
    )
    train.add_argument("--batch", type=int, help="pairs of pictures per process and step")
    train.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    train.add_argument("--every", type=float, default=120.0, help="seconds between checkpoints")

    export = verbs.add_parser("export", help="write the averaged weights of a training as a model")
    export.add_argument("folder", type=Path)
    export.add_argument("--out", type=Path, required=True, help="folder for weights and factors.json")
    export.add_argument("--resolution", type=int, help="leave out the blocks above")

    measure = verbs.add_parser("evaluate", help="measure an exported model on people it has not seen")
    measure.add_argument("weights", type=Path)
    measure.add_argument("--people", type=int, default=64)
    measure.add_argument("--edits", type=int, default=8, help="people per factor")
    measure.add_argument(
        "--attributes", type=Path, metavar="FILE", help="a predictor: what edits and row mixing do, read off"
    )
    measure.add_argument("--out", type=Path, help="JSON file; printed otherwise")

    read = verbs.add_parser("train-attributes", help="train the predictor that reads factors off pictures")
    read.add_argument("weights", type=Path, help="the exported model whose pictures it must read")
    read.add_argument("--out", type=Path, required=True, help="such as attributes.safetensors")
    read.add_argument("--renders-only", action="store_true", help="do not learn from the model's pictures")
    read.add_argument("--start-from", type=Path, metavar="NETWORK", help="a network kept before")
    read.add_argument("--keep-network", type=Path, metavar="FILE", help="the network with all its outputs")
    read.add_argument("--steps", type=int, default=PredictorRecipe().steps)
    read.add_argument("--kept", type=int, default=PredictorRecipe().kept, help="pictures seen repeatedly")
    read.add_argument("--least", type=float, default=GOOD_ENOUGH, help="R2 from which one is offered")
    read.add_argument("--people", type=int, default=256, help="held-out people to measure on")
    read.add_argument("--seed", type=int, default=0)

    more = verbs.add_parser("companions", help="make what comes with a model, by the program's own trainers")
    more.add_argument("weights", type=Path)
    more.add_argument("--only", action="append", choices=COMPANIONS, help="this one; again for more")
    more.add_argument("--run", type=Path, default=Path("warp-run"), help="folder for the training of paths")
    more.add_argument("--samples", type=int, default=1000, help="pictures that boundaries are learned from")
    more.add_argument("--encoder-steps", type=int, default=1500)
    more.add_argument("--warp-iterations", type=int, help="of the training of paths; the preset's by default")

    card = verbs.add_parser("card", help="measure a model with its companions and write its card")
    card.add_argument("folder", type=Path, help="such as resources/models/portraits")
    card.add_argument("--people", type=int, default=64)
    card.add_argument("--edits", type=int, default=4, help="people per factor")

    parity = verbs.add_parser("parity", help="write the numbers that the program must reproduce")
    parity.add_argument("weights", type=Path)
    parity.add_argument("--out", type=Path, required=True, help="expected.npz")

    figures = verbs.add_parser("figures", help="draw the pictures of the page on how the model was made")
    figures.add_argument("weights", type=Path)
    figures.add_argument("--out", type=Path, required=True, help="folder for them")

    sheet = verbs.add_parser("sheet", help="truth, reconstruction and psi 0.7, one row each, as a picture")
    sheet.add_argument("weights", type=Path)
    sheet.add_argument("--out", type=Path, required=True)
    sheet.add_argument("--people", type=int, default=6)

    options = parser.parse_args(arguments)
    prepare_process()
    _VERBS[options.verb](options)
    return 0


def _recipe(options: argparse.Namespace) -> Recipe:
    recipe = TINY if options.tiny else Recipe()
    recipe = dataclasses.replace(recipe, processes=options.processes)
    if options.phases:
        recipe = dataclasses.replace(recipe, phases=options.phases)
    if options.batch:
        recipe = dataclasses.replace(recipe, batch=options.batch)
    return recipe


def _train(options: argparse.Namespace) -> None:
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    recipe = _recipe(options)
    start = read_weights(options.start_from) if options.start_from else None
    if start is not None:
        recipe = dataclasses.replace(recipe, shape=start.shape, gentle_pose_steps=0)
    trainer = Trainer(recipe, folder, start=start)
    code = latent_code(recipe.shape.z_dim)
    first_step = trainer.step
    saved_at = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal saved_at
        if time.monotonic() - saved_at < options.every and progress.step < recipe.total_steps:
            return
        trainer.save()
        pace = 2 * (progress.step - first_step) * recipe.batch * recipe.processes / progress.seconds
        quality = held_out_psnr(trainer.average, code, count=16, resolution=progress.resolution)
        line = (
            f"step {progress.step} at {progress.resolution} px, {progress.seconds:.0f} s, "
            f"{pace:.1f} pictures/s, rate {progress.rate:.1e}, loss {progress.loss:.4f}, "
            f"held-out PSNR {quality:.2f} dB"
        )
        print(line, flush=True)
        with (folder / "progress.txt").open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        z, factors = held_out(code, 8)
        truth = render(factors, progress.resolution).pictures
        pictures = reconstruct(trainer.average, z, resolution=progress.resolution)
        calm = reconstruct(trainer.average, z.roll(1, dims=1), resolution=progress.resolution, psi=0.7)
        save_sheet(folder / "sheet.png", [truth, pictures, calm])
        saved_at = time.monotonic()

    trainer.run(report)


def _export(options: argparse.Namespace) -> None:
    state = torch.load(options.folder / "checkpoint.pt", weights_only=True)
    recipe = Recipe.from_json(state["recipe"])
    trainer = Trainer(recipe, options.folder)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    write_weights(trainer.average, out / f"{NAME}.safetensors", resolution=options.resolution)
    write_factors(
        latent_code(recipe.shape.z_dim),
        out / "factors.json",
        num_ws=_num_ws(options.resolution or recipe.shape.resolution),
    )


def _num_ws(resolution: int) -> int:
    """Rows of w+ of a network that ends at ``resolution``."""
    return 2 * (resolution.bit_length() - 2)


def _evaluate(options: argparse.Namespace) -> None:
    network = read_weights(options.weights)
    code = latent_code(network.shape.z_dim)
    found = dataclasses.asdict(evaluate(network, code, count=options.people, edits=options.edits))
    if options.attributes is not None:
        predictor = read_portrait_predictor(options.attributes)
        found["read_off"] = dataclasses.asdict(measure_edits(network, code, predictor, people=options.edits))
    text = json.dumps(found, indent=1)
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text + "\n", encoding="utf-8")


def _train_attributes(options: argparse.Namespace) -> None:
    network = read_weights(options.weights).requires_grad_(False)
    recipe = PredictorRecipe(steps=options.steps, kept=options.kept, seed=options.seed)
    said_at = time.monotonic()

    def report(step: int, loss: float, seconds: float) -> None:
        nonlocal said_at
        if step == recipe.steps or time.monotonic() - said_at > 10:
            said_at = time.monotonic()
            print(f"step {step} of {recipe.steps}, {seconds:.0f} s, loss {loss:.4f}", flush=True)

    start = read_network(options.start_from) if options.start_from else None
    trained = train_predictor(recipe, None if options.renders_only else network, report, start=start)
    if options.keep_network is not None:
        write_network(trained, options.keep_network)
    quality = measure_predictor(trained, network, people=options.people)
    predictor = write_predictor(trained, quality, options.out, least=options.least)
    offered = {info.id for info in predictor.attributes}
    print("attribute, R2 on renders, R2 on the generator's pictures")
    for name, value in quality.generated.items():
        note = "" if name in offered else "  (not offered)"
        print(f"{name:18s} {quality.renders[name]:6.3f} {value:6.3f}{note}")


def _companions(options: argparse.Namespace) -> None:
    # The whole program comes with these; the other verbs do without.
    from tools.portraits import companions

    wanted = options.only or COMPANIONS
    weights: Path = options.weights

    def say(line: str) -> None:
        print(line, flush=True)

    if "boundaries" in wanted:
        companions.make_boundaries(weights, samples=options.samples, say=say)
    if "components" in wanted:
        companions.make_components(weights, say=say)
    if "encoder" in wanted:
        companions.make_encoder(weights, steps=options.encoder_steps, say=say)
    if "warp" in wanted:
        companions.make_warp_paths(weights, options.run, iterations=options.warp_iterations, say=say)


def _card(options: argparse.Namespace) -> None:
    from tools.portraits.card import write_card

    print(write_card(options.folder, people=options.people, edits=options.edits))


def _parity(options: argparse.Namespace) -> None:
    from tools.portraits.parity import write_parity

    write_parity(read_weights(options.weights), options.out)


def _figures(options: argparse.Namespace) -> None:
    from tools.portraits.figures import write_figures

    directions = options.weights.parent / "directions"
    for path in write_figures(read_weights(options.weights), options.out, directions=directions):
        print(path)


def _sheet(options: argparse.Namespace) -> None:
    network = read_weights(options.weights)
    z, factors = held_out(latent_code(network.shape.z_dim), options.people)
    size = network.shape.resolution
    rows = [
        render(factors, size).pictures,
        reconstruct(network, z, resolution=size),
        reconstruct(network, z.roll(1, dims=1), resolution=size, psi=0.7),
    ]
    save_sheet(options.out, rows)


def _phases(text: str) -> tuple[Phase, ...]:
    phases: list[Phase] = []
    for item in text.split(","):
        resolution, steps, *rates = item.split(":")
        phases.append(Phase(int(resolution), int(steps), *(float(rate) for rate in rates)))
    return tuple(phases)


_VERBS: dict[str, Callable[[argparse.Namespace], None]] = {
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
    "train-attributes": _train_attributes,
    "companions": _companions,
    "card": _card,
    "parity": _parity,
    "figures": _figures,
    "sheet": _sheet,
}
