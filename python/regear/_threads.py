"""Threads of the host."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable
from typing import Any


def start_thread(
    name: str, target: Callable[..., None], *arguments: Any
) -> threading.Thread:
    """A daemon thread that takes no signals: they are the application's, and
    delivered here they would not wake its main thread."""
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()  # inherits the mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def raise_in(thread: int | None, kind: type[BaseException] | None) -> None:
    """Raise in a thread once it is back in Python code; None takes it back."""
    if thread is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread), ctypes.py_object(kind) if kind else None
        )
