"""PortraitPredictor: what can be seen of the bundled model's factors, read off its pictures.

The network is ours and comes with the model; ``tools/portraits`` trains it on renders and on pictures of the
generator, whose truth is known. How well it reads each attribute stands in the header of its weights.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import torch

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, bundled_models_dir
from latent_studio.checkpoints.bundled_weights import read_helper_file
from latent_studio.core.errors import CorruptFileError
from latent_studio.methods.attributes.network import AttributeNetwork, count_of, to_side
from latent_studio.methods.attributes.protocol import AttributeInfo

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

#: The file beside the model's weights, and the key of its header that describes the attributes.
FILE_NAME = "attributes.safetensors"
KEY = "attributes"

#: What makes a person of the bundled model, whatever they do or wear and however old they are.
PERSON = ("face_width", "jaw", "eye_size", "brow_height", "skin_tone", "skin_warmth", "eye_color")
#: How far two people are apart in each, as a share of its range and on average, who differ by chance:
#: the root mean square of the difference of two numbers spread evenly over 0 to 1.
_STRANGERS = 6**-0.5


@dataclass(frozen=True, slots=True)
class PortraitAttribute:
    """One number of the network.

    Attributes:
        info: what it is.
        needs: attribute and least value without which it cannot be seen, such as glasses for their shape.
        quality: R2 on pictures of the generator that the network was never shown; 1 is perfect.
    """

    info: AttributeInfo
    needs: tuple[str, float] | None
    quality: float


class PortraitPredictor:
    """Reads portraits of the bundled model; of other pictures it says nothing useful.

    Args:
        network: evaluated, not trained, from here on.
        described: its outputs, in order.
        device: where to compute.
    """

    is_differentiable = True

    def __init__(
        self,
        network: AttributeNetwork,
        described: tuple[PortraitAttribute, ...],
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = torch.device(device)
        self.described = described
        self.attributes = tuple(one.info for one in described)
        self._index = {info.id: index for index, info in enumerate(self.attributes)}

    @cached_property
    def digest(self) -> str:
        """See ``KnownPredictor.digest``: of the weights and of what they mean."""
        found = hashlib.blake2b(repr(self.described).encode(), digest_size=16)
        for name, tensor in sorted(self._network.state_dict().items()):
            found.update(name.encode() + tensor.cpu().numpy().tobytes())
        return f"portraits-1-{found.hexdigest()}"

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``; NaN for what is not there, as the shape of no glasses."""
        raw = self._network(to_side(images.to(self._device)))
        low = raw.new_tensor([info.low for info in self.attributes])
        high = raw.new_tensor([info.high for info in self.attributes])
        values = low + (raw + 1) / 2 * (high - low)
        columns = [values[:, index] for index in range(len(self.described))]
        for index, one in enumerate(self.described):
            if one.needs is not None:
                attribute, least = one.needs
                seen = values[:, self._index[attribute]] >= least
                columns[index] = torch.where(seen, columns[index], torch.nan)
        return torch.stack(columns, dim=1).to(images.device)

    def person_likeness(self, images: Tensor) -> Tensor:
        """How like the first picture's person each one's is: 1 the same, 0 as two people drawn by chance.

        Measured by ``PERSON``; what the network reads well counts more.

        Args:
            images: as for ``predict``.

        Returns:
            ``(N,)`` float32; NaN where the network reads nothing that makes a person.
        """
        places = [self._index[name] for name in PERSON if name in self._index]
        if not places:
            return images.new_full((len(images),), torch.nan)
        span = images.new_tensor([self.attributes[place].span for place in places])
        trust = images.new_tensor([max(self.described[place].quality, 0.0) for place in places])
        values = self.predict(images)[:, places] / span
        apart = ((values - values[:1]) ** 2 @ (trust / trust.sum())).sqrt()
        return (1.0 - apart / _STRANGERS).clamp(min=0.0)


def make_portrait_predictor(*, device: torch.device) -> PortraitPredictor:
    """The predictor that comes with the bundled model.

    Raises:
        MissingWeightsError: this copy came without it.
        CorruptFileError: its file is damaged.
    """
    return read_portrait_predictor(bundled_models_dir() / DEFAULT_MODEL / FILE_NAME, device=device)


def read_portrait_predictor(path: Path, *, device: torch.device | str = "cpu") -> PortraitPredictor:
    """The predictor in a file that ``tools/portraits`` wrote.

    Raises:
        MissingWeightsError: there is no such file.
        CorruptFileError: it is damaged, or no predictor.
    """
    tensors, metadata = read_helper_file(path)
    try:
        described = tuple(_from_record(record) for record in json.loads(metadata[KEY]))
        if count_of(tensors) != len(described) or not described:
            raise ValueError("as many names as outputs are needed")
        known = {one.info.id for one in described}
        if not all(one.needs is None or one.needs[0] in known for one in described):
            raise ValueError("an attribute needs another that is not there")
        network = AttributeNetwork(len(described))
        network.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CorruptFileError(
            f"{path.name} does not hold a predictor of attributes.", hint="Install Latent Studio again."
        ) from error
    return PortraitPredictor(network, described, device=device)


def to_record(attribute: PortraitAttribute) -> dict[str, object]:
    """An attribute as it stands in the file's header."""
    info = attribute.info
    return {
        "id": info.id,
        "title": info.title,
        "low": info.low,
        "high": info.high,
        "needs": list(attribute.needs) if attribute.needs else None,
        "quality": round(attribute.quality, 4),
    }


def _from_record(record: dict[str, object]) -> PortraitAttribute:
    low, high = cast("float", record["low"]), cast("float", record["high"])
    needs = cast("list[object] | None", record["needs"])
    return PortraitAttribute(
        AttributeInfo(str(record["id"]), str(record["title"]), low=float(low), high=float(high)),
        (str(needs[0]), float(cast("float", needs[1]))) if needs else None,
        float(cast("float", record["quality"])),
    )
