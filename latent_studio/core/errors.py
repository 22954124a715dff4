"""The exception tree: everything a user may be shown.

::

    LatentStudioError            title, hint; one sentence and what to do
    ├── CheckpointError          a file with weights cannot be used
    │   ├── UnsafeCheckpointError    it asks for something that is not plain data
    │   ├── UnknownFormatError       it is no checkpoint we know
    │   ├── MissingWeightsError      tensors are missing or have another shape
    │   └── CorruptFileError         it is cut short or damaged
    ├── ModelError               a model cannot do what was asked
    │   ├── IncompatibleLatentError  num_ws or w_dim differ
    │   └── UnsupportedOperationError
    ├── DeviceError
    │   ├── OutOfMemoryError
    │   └── DeviceUnavailableError
    ├── InputError               what the user gave cannot be used
    │   ├── NoFaceFoundError
    │   ├── ImageError
    │   └── OptionError              names the option and its range
    ├── SessionFileError
    │   ├── NewerVersionError
    │   └── DamagedSessionError
    ├── ExportError
    ├── DownloadError            a file cannot be had from the network
    └── PluginError              carries the plugin's name; never stops the program

    Cancelled                    not an error; caught only at a job's border
"""

from __future__ import annotations


class LatentStudioError(Exception):
    """Base of all errors a user may see.

    Args:
        title: one sentence: what happened.
        hint: what to do about it; may be empty.
    """

    def __init__(self, title: str, *, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title} {self.hint}".strip()


class CheckpointError(LatentStudioError):
    """A file with weights cannot be used."""


class UnsafeCheckpointError(CheckpointError):
    """The file asks for something that is not plain tensor data."""


class UnknownFormatError(CheckpointError):
    """The file is no checkpoint format or generator family we know."""


class MissingWeightsError(CheckpointError):
    """Tensors are missing, left over, of another shape, or not finite."""


class CorruptFileError(CheckpointError):
    """The file is empty, cut short or damaged."""


class ModelError(LatentStudioError):
    """A model cannot do what was asked of it."""


class IncompatibleLatentError(ModelError):
    """A latent or direction was made for a model of another shape."""


class UnsupportedOperationError(ModelError):
    """This family has no such operation."""


class DeviceError(LatentStudioError):
    """The computing device is the problem."""


class OutOfMemoryError(DeviceError):
    """The device has no room for this."""


class DeviceUnavailableError(DeviceError):
    """The device asked for is not there."""


class InputError(LatentStudioError):
    """What the user gave cannot be used."""


class NoFaceFoundError(InputError):
    """No face was found in a picture."""


class ImageError(InputError):
    """A picture cannot be read."""


class OptionError(InputError):
    """An option has a value outside its range.

    Args:
        option: the option's name as the user wrote it.
        title: one sentence that names the option and its range.
        hint: what to do about it.
    """

    def __init__(self, option: str, title: str, *, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.option = option


class SessionFileError(LatentStudioError):
    """A session file cannot be read or written."""


class NewerVersionError(SessionFileError):
    """The session was written by a newer Latent Studio."""


class DamagedSessionError(SessionFileError):
    """The session file is damaged."""


class ExportError(LatentStudioError):
    """A file could not be written."""


class DownloadError(LatentStudioError):
    """A file could not be had from the network, or is not the one that was asked for."""


class PluginError(LatentStudioError):
    """A plugin failed.

    Args:
        plugin: the plugin's name.
        title: one sentence: what happened.
        hint: what to do about it.
    """

    def __init__(self, plugin: str, title: str, *, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.plugin = plugin


class Cancelled(Exception):
    """The user cancelled a job. Caught only at the job's border."""
