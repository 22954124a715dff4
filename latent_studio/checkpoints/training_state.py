"""Files with the state of a training: our own safetensors, and state dicts that torch programs read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.refusals import display_name
from latent_studio.checkpoints.sniff import FileFormat, sniff
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.checkpoints.tensors import DTYPES, read_tensors
from latent_studio.checkpoints.torch_legacy import LegacyReader
from latent_studio.checkpoints.torch_records import TensorRecord
from latent_studio.checkpoints.torch_zip import read_torch_zip, torch_vocabulary
from latent_studio.core.errors import CheckpointError, CorruptFileError, LatentStudioError, UnknownFormatError
from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


def write_state(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors of any kind as safetensors. Same state, same bytes; the file before stays until then.

    Raises:
        OSError: the folder cannot be written, or is full.
    """
    with replacing(path) as file:
        file.write(_in_order(save(dict(tensors), metadata=dict(metadata))))


def _in_order(data: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors writes them in an order of chance."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What ``write_state`` wrote: tensors and metadata.

    Raises:
        CorruptFileError: the file is cut short or no safetensors.
        CheckpointError: there is no such file, or it cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except SafetensorError as error:
        raise CorruptFileError(
            f"{display_name(path)} is damaged: {error}.", hint="Take an older copy of the file."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{display_name(path)} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error


def write_torch_state(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a plain state dict with torch, for programs that know nothing else.

    Raises:
        OSError: the folder cannot be written, or is full.
    """
    with replacing(path) as file:
        torch.save(dict(tensors), file)


def read_torch_state(path: Path, *, inside: str = "") -> dict[str, Tensor]:
    """The floating-point tensors of a plain state dict that torch saved; nothing in the file is run.

    Counters and other whole numbers are left out.

    Args:
        path: of the file.
        inside: name of an entry that may hold the state dict, among others that are left alone.

    Raises:
        CheckpointError: there is no such file, it is damaged, or it is no plain state dict.
    """
    try:
        with Source(path) as source:
            match sniff(source):
                case FileFormat.TORCH_ZIP:
                    tree = read_torch_zip(source)
                case FileFormat.TORCH_LEGACY:
                    whole = ByteRange(source, 0, source.size)
                    tree = LegacyReader(source, names=torch_vocabulary(source)).read(whole)
                case _:
                    raise UnknownFormatError(
                        f"{source.name} is no file that torch saved.", hint="Give a .pt or .pth file."
                    )
            if isinstance(tree, dict) and isinstance(tree.get(inside), dict):
                tree = tree[inside]
            if not isinstance(tree, dict):
                raise refusals.damaged(source.name, "it holds no table of tensors")
            records = {
                str(name): record
                for name, record in tree.items()
                if isinstance(record, TensorRecord) and record.storage.dtype in DTYPES
            }
            return read_tensors(records, source, report=lambda _done: None)
    except LatentStudioError:
        raise
    except OSError as error:
        raise CheckpointError(
            f"{display_name(path)} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error
    except Exception as error:
        # Strangers write these files; see `open_checkpoint`.
        raise refusals.damaged(display_name(path), f"it makes no sense ({type(error).__name__})") from error
