"""Calibration: which form of each convolution is fastest on this machine, measured once and written down.

The forms give equal pictures up to rounding. The table keeps decisions, measured or not, so that from then on
every face of the program picks the same forms and gives the same bytes.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import torch

from latent_studio.engine.work import layer_work
from latent_studio.generators.conv_plan import ConvPlan
from latent_studio.generators.protocol import PlannedGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from latent_studio.generators.conv_plan import FormName, LayerShape
    from latent_studio.generators.protocol import Generator

logger = logging.getLogger(__name__)

#: Models below are fast in any form, and differences drown in noise. Multiply-adds of all convolutions.
_SMALL_MODEL = 4e9
#: The usual form stays unless another needs less than this share of its time.
_CLEARLY_FASTER = 0.92
#: A form this much slower than the best is not run again.
_HOPELESS = 1.3
_ROUNDS = 2


def calibrate(
    generator: Generator,
    table: Mapping[str, str] | None = None,
    *,
    budget_seconds: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Generator, dict[str, str]]:
    """Choose a form for each layer, from the table or by measuring.

    The costliest layers are measured first. When the time is up, the rest keeps its usual form.

    Args:
        generator: on the device it will run on; without a plan it comes back as it is.
        table: what earlier calls returned, as read from JSON; entries that make no sense are measured again.
        budget_seconds: time for measuring, roughly; one more call of a layer may go beyond it.
        clock: seconds that only grow.

    Returns:
        The generator with its layers in the chosen forms, and the table with the new entries.
    """
    known = dict(table or {})
    if not isinstance(generator, PlannedGenerator):
        return generator, known
    shapes = {shape.name: shape for shape in generator.layer_shapes}
    if sum(layer_work(shape) for shape in shapes.values()) < _SMALL_MODEL:
        return generator, known
    plan = generator.plan
    deadline = clock() + budget_seconds
    for layer in sorted(shapes, key=lambda name: layer_work(shapes[name]), reverse=True):
        forms = tuple(generator.layer_forms(layer))
        key = _key(shapes[layer], forms, generator.device)
        form = next((form for form in forms if form == known.get(key)), None)
        if form is None:
            form = plan.form(layer)
            if clock() < deadline:
                form = _fastest(generator, layer, deadline=deadline, clock=clock)
            known[key] = form
        plan = plan.with_form(layer, form)
    return generator.with_plan(ConvPlan(plan.forms)), known


def _key(shape: LayerShape, forms: tuple[FormName, ...], device: torch.device) -> str:
    """Everything the decision depends on, in words."""
    if device.type == "cpu":
        machine = f"{torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
    else:
        machine = torch.cuda.get_device_name(device)
    kind = "up" if shape.up else "same"
    return (
        f"torch {torch.__version__}, {machine}: {shape.in_channels} to {shape.out_channels} channels"
        f" at {shape.resolution} ({kind}), of {' '.join(sorted(forms))}"
    )


def _fastest(
    generator: PlannedGenerator, layer: str, *, deadline: float, clock: Callable[[], float]
) -> FormName:
    """Time the forms of one layer in turns, so that a busy moment of the machine hits all of them."""
    usual = generator.plan.form(layer)
    calls: dict[FormName, Callable[[], Tensor]] = {}
    best: dict[FormName, float] = {}

    def run(form: FormName) -> None:
        seconds = _seconds(calls[form], generator.device, clock)
        best[form] = min(best.get(form, seconds), seconds)

    def is_hopeless(form: FormName) -> bool:
        return form in best and best[form] > _HOPELESS * min(best.values())

    with torch.inference_mode():
        for form in (usual, *_rivals(generator, layer)):
            sibling = next((other for other in best if other == f"{form}_channels_last"), None)
            if sibling is not None and is_hopeless(sibling):
                # The same products in a worse order.
                continue
            if best and clock() >= deadline:
                return usual
            calls[form] = generator.layer_call(layer, form)
            # The first run warms the libraries up and is slow, but shows which forms are hopeless.
            run(form)
        left = [form for form in calls if form == usual or not is_hopeless(form)]
        for done in range(_ROUNDS if len(left) > 1 else 0):
            for form in left:
                if clock() >= deadline:
                    # Nothing fair can be said on half a round.
                    return usual if done == 0 else _winner(best, usual)
                run(form)
    logger.debug("%s: %s", layer, {form: f"{seconds * 1000:.2f} ms" for form, seconds in best.items()})
    return _winner(best, usual)


def _rivals(generator: PlannedGenerator, layer: str) -> list[FormName]:
    """The forms to compare the usual one with, the likely ones first.

    The plain form is for autograd; the others do the same with fewer steps.
    """
    forms = [
        form for form in generator.layer_forms(layer) if form not in ("plain", generator.plan.form(layer))
    ]
    return sorted(forms, key=lambda form: not (form == "winograd" or form.endswith("_channels_last")))


def _winner(best: Mapping[FormName, float], usual: FormName) -> FormName:
    fastest = min(best, key=lambda form: best[form])
    return fastest if best[fastest] < _CLEARLY_FASTER * best[usual] else usual


def _seconds(call: Callable[[], Tensor], device: torch.device, clock: Callable[[], float]) -> float:
    started = clock()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - started
