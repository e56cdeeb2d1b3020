"""The command line, run in this process: `call("replay", file)` gives exit code, output and errors as a shell would see them."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from unittest import mock

from peerplugin import cli, log


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


def call(*arguments: object) -> Result:
    """Run `peerplugin ARGUMENTS`. What the command changes of the process (how it logs) is put back."""
    out, err, code = io.StringIO(), io.StringIO(), None
    argv = mock.patch.object(sys, "argv", ["peerplugin", *map(str, arguments)])
    with argv, _as_it_was(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int), "a command ends with a number"
    return Result(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    factory, handlers, level = logging.getLogRecordFactory(), list(root.handlers), root.level
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        logging.setLogRecordFactory(factory)
        root.handlers[:] = handlers
        root.setLevel(level)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        for name in log.OURS:
            logging.getLogger(name).setLevel(logging.NOTSET)
