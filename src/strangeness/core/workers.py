"""Work in processes of its own, each on one core; a bug, an error or the end of the parent ends them all."""

from __future__ import annotations

import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from strangeness.core.errors import Interrupted, StrangenessError

_ONE_CORE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""Every process computes on one core, so that processes do not fight and times can be compared."""

Job = tuple[str, tuple[Any, ...]]


def apart(
    work: Callable[..., object], jobs: Sequence[Job], workers: int, *, every: float = 0.5
) -> Generator[str, None, None]:
    """Call ``work(*arguments)`` for every job, at most ``workers`` at a time, each in a fresh process.

    ``work`` is a function of a module; what it returns is dropped, so that it has to write files. A caller
    that stops iterating ends the processes.

    Args:
        work: what to call.
        jobs: (label, arguments) of each call.
        workers: processes at a time.
        every: seconds between two yields.

    Yields:
        the labels that are running, joined by commas.

    Raises:
        Interrupted: when it was stopped with Ctrl-C.
        StrangenessError: whatever ``work`` raises for the user.
        RuntimeError: for a bug in ``work`` or a killed process.
    """
    waiting, running = list(jobs), dict[Connection, tuple[str, BaseProcess]]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                label, arguments = waiting.pop(0)
                connection, process = _started(work, arguments)
                running[connection] = (label, process)
            for done in cast(list[Connection], wait(list(running), timeout=every)):
                label, process = running.pop(done)
                refuse_failure(label, done)
                process.join()
            yield ", ".join(label for label, _ in running.values())
    except KeyboardInterrupt as stop:
        raise Interrupted("the work was interrupted", "Run the same command again to resume.") from stop
    finally:
        for connection, (_, process) in running.items():
            process.terminate()
            process.join()
            connection.close()


def _started(work: Callable[..., object], arguments: tuple[Any, ...]) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(theirs, work, arguments), daemon=True)
    with _one_core():
        process.start()
    theirs.close()
    return ours, process


def child(connection: Connection, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Do the work of a process; send None, an error for the user, or the traceback of a bug."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        work(*arguments)
        connection.send(None)
    except StrangenessError as error:
        connection.send(error)
    except Exception:
        connection.send(traceback.format_exc())


def _follow_parent() -> None:
    """End this process when the one that started it is gone, also where that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def refuse_failure(label: str, connection: Connection) -> None:
    """Raise what the process behind ``connection`` sent, unless it sent None."""
    with connection:
        try:
            said = connection.recv()
        except EOFError:
            said = "its process was killed, perhaps for want of memory"
    if isinstance(said, StrangenessError):
        raise said
    if said is not None:
        raise RuntimeError(f"'{label}' failed: {said}")


@contextmanager
def _one_core() -> Iterator[None]:
    """What processes that start inside inherit."""
    before = {name: os.environ.get(name) for name in _ONE_CORE}
    os.environ.update(_ONE_CORE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
