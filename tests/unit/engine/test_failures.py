"""Whatever goes wrong in a render can be read by a user."""

from __future__ import annotations

import pytest
import torch

from latent_studio.core.errors import (
    Cancelled,
    IncompatibleLatentError,
    LatentStudioError,
    ModelError,
    OutOfMemoryError,
)
from latent_studio.engine.failures import translated


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemoryError),
        (MemoryError(), OutOfMemoryError),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            OutOfMemoryError,
        ),
        (RuntimeError("Sizes of tensors must match\nand more"), ModelError),
        (ValueError(), ModelError),
    ],
)
def test_foreign_exceptions_become_ours_with_a_hint(
    raised: Exception, expected: type[LatentStudioError]
) -> None:
    with pytest.raises(expected) as caught, translated():
        raise raised
    assert caught.value.hint
    assert "\n" not in caught.value.title
    assert caught.value.__cause__ is raised


def test_torch_itself_running_out_of_memory_is_recognised() -> None:
    with pytest.raises(OutOfMemoryError), translated():
        torch.empty(1 << 60, dtype=torch.uint8)


@pytest.mark.parametrize("raised", [IncompatibleLatentError("no"), Cancelled(), KeyboardInterrupt()])
def test_our_own_exceptions_and_a_cancel_pass(raised: BaseException) -> None:
    with pytest.raises(type(raised)) as caught, translated():
        raise raised
    assert caught.value is raised
