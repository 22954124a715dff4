"""Training an encoder on a model's own samples, whose w is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from latent_studio.core.spec import require_square
from latent_studio.methods.encoder.network import EncoderNet, EncoderShape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from torch import Tensor

    from latent_studio.generators.protocol import Generator

    Step = Callable[[], AbstractContextManager[object]]

#: Pictures remembered, as bytes at the encoder's size.
POOL = 4096
#: Pictures drawn before the first step.
_FIRST = 128
_HELD_OUT = 32


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How an encoder is trained.

    Attributes:
        steps: in all, counted from the very beginning.
        batch: pictures a step learns from.
        fresh: new pictures drawn every step; the rest of the batch comes from those remembered.
        rate: Adam's learning rate, falling to nothing over the last half (cosine).
        seed: of everything random.
    """

    steps: int = 4000
    batch: int = 32
    fresh: int = 8
    rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TrainState:
    """Everything needed to go on later.

    Attributes:
        net: the network.
        moments: Adam's two averages by parameter, ``name.m`` and ``name.v``.
        step: done so far.
    """

    net: EncoderNet
    moments: Mapping[str, Tensor]
    step: int


@dataclass(frozen=True, slots=True)
class TrainLook:
    """A report.

    Attributes:
        step: done so far.
        steps: in all.
        error: mean squared error of w on the last batch, in shares of w's variance: 1 is guessing the mean.
        seconds_left: about.
    """

    step: int
    steps: int
    error: float
    seconds_left: float


def new_state(generator: Generator, settings: TrainSettings, *, step: Step) -> TrainState:
    """An untrained network for a model: it says the mean."""
    spec = generator.spec
    require_square(spec)
    with step(), torch.no_grad():
        ws = _drawn_ws(generator, _rng(settings.seed, -1), 512)
        mean = ws.mean(0)
        unit = float((ws - mean).square().mean().sqrt())
    shape = EncoderShape.for_model(spec.resolution, spec.w_dim)
    net = EncoderNet(shape, mean=mean, unit=max(unit, 1e-6), seed=settings.seed).to(generator.device)
    moments = {
        f"{name}.{kind}": torch.zeros_like(parameter)
        for name, parameter in net.named_parameters()
        for kind in "mv"
    }
    return TrainState(net, moments, 0)


def train_encoder(
    generator: Generator,
    state: TrainState,
    settings: TrainSettings,
    *,
    step: Step,
    report: Callable[[TrainLook], None] = lambda look: None,
    save: Callable[[TrainState], None] = lambda state: None,
    check_cancel: Callable[[], None] = lambda: None,
    save_seconds: float = 120.0,
) -> TrainState:
    """Train from a state to ``settings.steps``.

    Args:
        generator: the model; its weights are not changed.
        state: from ``new_state`` or an earlier training; its network goes on being trained in place.
        settings: how.
        step: opens around each piece of computing.
        report: told after every step.
        save: given the state now and then, and at the end or on a stop.
        check_cancel: raises to stop.
        save_seconds: how often ``save`` is called.

    Returns:
        The state at the end.
    """
    net = state.net.train()
    optimizer = _optimizer(net, state, settings)
    pool = _Pool(generator, net.shape, settings, step)
    began = saved = time.monotonic()
    done = state.step
    try:
        while done < settings.steps:
            check_cancel()
            rng = _rng(settings.seed, done)
            pool.draw(_FIRST if pool.is_empty else settings.fresh, rng)
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * _schedule(done / settings.steps)
            with step(), torch.enable_grad():
                images, ws = pool.batch(settings.batch, rng)
                optimizer.zero_grad()
                seen = net(images)
                error = ((seen - ws) / net.unit).square().mean()
                error.backward()
                optimizer.step()
            done += 1
            pace = (time.monotonic() - began) / (done - state.step)
            report(TrainLook(done, settings.steps, float(error.detach()), pace * (settings.steps - done)))
            if time.monotonic() - saved > save_seconds:
                saved = time.monotonic()
                save(_state_of(net, optimizer, done))
    finally:
        net.eval()
        result = _state_of(net, optimizer, done)
        save(result)
    return result


def held_out_error(generator: Generator, net: EncoderNet, *, step: Step, seed: int = 987_654) -> float:
    """Mean squared error of w on pictures never trained on, in shares of w's variance."""
    errors = []
    rng = _rng(seed, 0)
    for _ in range(_HELD_OUT // 8):
        with step(), torch.no_grad():
            ws = _drawn_ws(generator, rng, 8)
            images = _pictures(generator, ws, net.shape.side)
            errors.append(((net(images) - ws) / net.unit).square().mean())
    return float(torch.stack(errors).mean())


class _Pool:
    """Pictures drawn from the model, remembered as bytes: drawing costs more than learning."""

    def __init__(
        self, generator: Generator, shape: EncoderShape, settings: TrainSettings, step: Step
    ) -> None:
        self._generator = generator
        self._step = step
        self._images = torch.zeros(POOL, 3, shape.side, shape.side, dtype=torch.uint8)
        self._ws = torch.zeros(POOL, shape.w_dim)
        self._drawn = 0

    @property
    def is_empty(self) -> bool:
        return self._drawn == 0

    def draw(self, count: int, rng: torch.Generator) -> None:
        """Add new pictures, in place of the oldest."""
        for _ in range(0, count, 4):
            with self._step(), torch.no_grad():
                ws = _drawn_ws(self._generator, rng, 4)
                images = _pictures(self._generator, ws, self._images.shape[-1])
            places = torch.arange(self._drawn, self._drawn + 4) % POOL
            self._images[places] = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
            self._ws[places] = ws.cpu()
            self._drawn += 4

    def batch(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures with a little noise, so that a photo's grain is nothing new, and their w."""
        places = torch.randint(min(self._drawn, POOL), (count,), generator=rng)
        device = self._generator.device
        images = self._images[places].to(device).float() / 127.5 - 1
        noise = torch.randn(images.shape, generator=rng).to(device)
        return images + 0.03 * noise, self._ws[places].to(device)


def _drawn_ws(generator: Generator, rng: torch.Generator, count: int) -> Tensor:
    """``(count, w_dim)`` of random z, pulled to the mean by a random share: photos are rarely extreme."""
    spec = generator.spec
    z = torch.randn(count, spec.z_dim, generator=rng).to(generator.device)
    c = None
    if spec.c_dim:
        labels = torch.randint(spec.c_dim, (count,), generator=rng)
        c = functional.one_hot(labels, spec.c_dim).to(generator.device, torch.float32)
    w = generator.map(z, c)[:, 0].float()
    if not spec.has_mapping:
        return w
    share = torch.rand(count, 1, generator=rng).to(generator.device) * 0.6 + 0.4
    return generator.w_avg + share * (w - generator.w_avg)


def _pictures(generator: Generator, ws: Tensor, side: int) -> Tensor:
    """Full pictures of ws, made as small as the encoder sees them."""
    images = generator.synthesize(ws[:, None].expand(-1, generator.spec.num_ws, -1).contiguous())
    images = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images[:, :3]
    if images.shape[-1] > side:
        return functional.interpolate(images, size=(side, side), mode="area")
    if images.shape[-1] < side:
        return functional.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
    return images


def _rng(seed: int, step: int) -> torch.Generator:
    """What is drawn at a step depends on the step alone, so that a training can go on later."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step + 1) % (2**63))


def _schedule(share: float) -> float:
    return 1.0 if share < 0.5 else 0.5 + 0.5 * float(torch.cos(torch.tensor((share - 0.5) * 2 * torch.pi)))


def _optimizer(net: EncoderNet, state: TrainState, settings: TrainSettings) -> torch.optim.Adam:
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.rate, betas=(0.9, 0.99))
    for name, parameter in net.named_parameters():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(state.step)),
            "exp_avg": state.moments[f"{name}.m"].clone(),
            "exp_avg_sq": state.moments[f"{name}.v"].clone(),
        }
    return optimizer


def _state_of(net: EncoderNet, optimizer: torch.optim.Adam, step: int) -> TrainState:
    moments = {}
    for name, parameter in net.named_parameters():
        moments[f"{name}.m"] = optimizer.state[parameter]["exp_avg"].detach().clone()
        moments[f"{name}.v"] = optimizer.state[parameter]["exp_avg_sq"].detach().clone()
    return TrainState(net, moments, step)
