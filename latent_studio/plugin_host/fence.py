"""Fence: a plugin's code runs on a thread of its own, within a time limit, and its errors carry its name.

Python cannot end a thread from outside: one that does not come back is left behind, with what it holds, until
the program ends, and the plugin is not used again until then. A plugin that ends the process itself, or
crashes inside a library, is beyond any fence of this kind.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from latent_studio.core.errors import Cancelled, LatentStudioError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How often a waiting caller looks whether it was asked to stop.
_LOOK_SECONDS = 0.1
#: How long a plugin has to come back after a stop was asked for.
_GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong in a plugin.

    Attributes:
        title: one sentence that names the plugin.
        details: the traceback, to copy.
    """

    title: str
    details: str = ""


class Fence:
    """Calls a plugin's code and keeps the program safe from what that does.

    Args:
        name: of the plugin, as users know it.
        seconds: how long one call may take without a sign of life.
        on_fault: told of every fault.
        on_hang: told before the fault when a call does not come back.
    """

    def __init__(
        self,
        name: str,
        *,
        seconds: float,
        on_fault: Callable[[Fault], None],
        on_hang: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._on_fault = on_fault
        self._on_hang = on_hang
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[_Call] | None = None
        self._is_hung = False
        self._alive = 0.0

    @property
    def is_hung(self) -> bool:
        """Whether a call has not come back; no other is begun then."""
        return self._is_hung

    def sign_of_life(self) -> None:
        """The plugin has called back: it is still working, and its time begins anew."""
        self._alive = time.monotonic()

    def call(
        self,
        what: str,
        function: Callable[[], T],
        *,
        check_cancel: Callable[[], None] | None = None,
        passes: tuple[type[Exception], ...] = (),
    ) -> T:
        """Run a function on the plugin's thread and wait for it.

        Args:
            what: what is being done, as in "while it {what}": ``"was imported"``.
            function: takes nothing; what it raises is told under the plugin's name.
            check_cancel: asked now and then; raises to stop waiting.
            passes: errors that are not the plugin's fault and come out as they are.

        Returns:
            what the function gives.

        Raises:
            PluginError: the function failed or did not come back in time.
            LatentStudioError: the plugin said in our own words what is wrong.
            Cancelled: a stop was asked for.
        """
        with self._lock:
            if self._is_hung:
                raise PluginError(
                    self._name,
                    f"The plugin {self._name} hangs since an earlier call, so it is not used again.",
                    hint="Start the program again to try it once more.",
                )
            call = _Call(function)
            self.sign_of_life()
            self._thread().put(call)
            self._wait(call, what, check_cancel)
        if call.error is not None:
            if isinstance(call.error, passes):
                raise call.error
            raise self.told(call.error, what) from call.error
        return call.result  # type: ignore[return-value]

    def refuse(self, sentence: str, *, hint: str = "") -> PluginError:
        """The error for something the plugin gave that cannot be used; also told as a fault."""
        title = f"The plugin {self._name} {sentence}."
        self._on_fault(Fault(title))
        return PluginError(self._name, title, hint=hint or "Tell its author, or switch it off: Plugins.")

    def _wait(self, call: _Call, what: str, check_cancel: Callable[[], None] | None) -> None:
        while not call.done.wait(_LOOK_SECONDS):
            if check_cancel is not None:
                try:
                    check_cancel()
                except Cancelled:
                    # Most plugins stop by themselves when they ask; the others are left behind.
                    if not call.done.wait(_GRACE_SECONDS):
                        self._abandon()
                        log.warning("The plugin %s goes on after it was cancelled.", self._name)
                    raise
            if time.monotonic() - self._alive > self._seconds:
                self._abandon()
                title = (
                    f"The plugin {self._name} gave no sign of life for {self._seconds:g} seconds while it "
                    f"{what}, so it is left alone."
                )
                self._on_fault(Fault(title))
                raise PluginError(
                    self._name,
                    title,
                    hint="Its thread cannot be ended and may go on until the program ends. Nothing is lost.",
                )

    def _thread(self) -> queue.SimpleQueue[_Call]:
        if self._calls is None:
            calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
            # A daemon: one that hangs must not keep the program from ending.
            threading.Thread(target=_serve, args=(calls,), name=f"plugin {self._name}", daemon=True).start()
            self._calls = calls
        return self._calls

    def _abandon(self) -> None:
        self._is_hung = True
        self._on_hang()
        if self._calls is not None:
            # Should the call ever come back, its thread ends.
            self._calls.put(_Call(None))
            self._calls = None

    def close(self) -> None:
        """End the thread once it is idle."""
        with self._lock:
            if self._calls is not None:
                self._calls.put(_Call(None))
                self._calls = None

    def told(self, error: BaseException, what: str) -> BaseException:
        """What the user hears of an error in the plugin's code; tells it as a fault where it is one."""
        if isinstance(error, Cancelled):
            return Cancelled()
        details = "".join(traceback.format_exception(error))
        if isinstance(error, LatentStudioError):
            # The plugin has said it in a sentence of its own; it is no fault to be held against it.
            log.info("The plugin %s refused: %s", self._name, error)
            return PluginError(self._name, f"{self._name}: {error.title}", hint=error.hint)
        if isinstance(error, MemoryError):
            return error
        said = str(error).strip().splitlines()
        words = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
        title = f"The plugin {self._name} failed while it {what} ({words[:200]})."
        log.error("%s\n%s", title, details)
        self._on_fault(Fault(title, details))
        return PluginError(
            self._name,
            title,
            hint="The fault is the plugin's, not the program's: tell its author, or switch it off.",
        )


class _Call:
    """One function on its way to the plugin's thread; ``None`` ends the thread."""

    def __init__(self, function: Callable[[], object] | None) -> None:
        self.function = function
        self.done = threading.Event()
        self.result: object = None
        self.error: BaseException | None = None


def _serve(calls: queue.SimpleQueue[_Call]) -> None:
    while (call := calls.get()).function is not None:
        try:
            call.result = call.function()
        except BaseException as error:
            # sys.exit() in a plugin must not pass for the program's own end.
            call.error = error
        call.done.set()
        del call
