"""Logging that cannot tell what somebody wrote: one line a record, an action and ids; foreign messages and exception texts left out.

We write `log.info("meeting opened", extra={"meeting": key, "messages": 412})`. The message is the action, a constant; everything that varies
goes into `extra`, where only what looks like an id, a number, a time or a PeerpluginError comes through. What a library logs (nio quotes whole
events, SQLAlchemy its parameters) is cut to its logger's name, its level, and the kind and place of an exception, and that before any handler
sees it."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from peerplugin.errors import PeerpluginError

OURS = ("peerplugin", "integrations", "__main__")
WITHHELD = "(withheld)"
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "failure"}
ROOT = Path(__file__).parent.parent
ID = re.compile(r"[\w!@#$%&*+\-./:;=?~|,\[\]]{0,160}")


def setup(level: str = "INFO", *, as_json: bool = False, stream: IO[str] | None = None) -> None:
    """Log to `stream` (standard error): our own loggers from `level` up, everybody else's from WARNING up and without their words."""
    logging.setLogRecordFactory(_record)
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, LineFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_thread


def explain(fault: BaseException) -> str:
    """What happened and where, without what the exception says: `KeyError at store/events.py:41 < service.py:22, after OSError at ...`.

    A PeerpluginError keeps its sentence: it is ours, and made for the operator."""
    parts, seen = [], set()
    step: BaseException | None = fault
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        said = f" ({step})" if isinstance(step, PeerpluginError) else ""
        within = f" of [{'; '.join(map(explain, step.exceptions))}]" if isinstance(step, BaseExceptionGroup) else ""
        parts.append(f"{type(step).__name__}{said}{within}{_places(step.__traceback__)}")
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    return ", after ".join(parts)


def _places(trace: TracebackType | None) -> str:
    frames = [f"{_short(frame.f_code.co_filename)}:{line}" for frame, line in traceback.walk_tb(trace)]
    return f" at {' < '.join(reversed(frames[-12:]))}" if frames else ""


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT)).removeprefix("peerplugin/")
    return "/".join(path.parts[-2:])


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] in OURS


def _record(*args: object, **kwargs: object) -> logging.LogRecord:
    """Every record of this process is born here: exceptions become their kind and place, foreign words are left out."""
    record = logging.LogRecord(*args, **kwargs)  # type: ignore[arg-type]  # the factory's signature is the class's own
    fault = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    record.failure = explain(fault) if fault else ""
    record.exc_info = record.exc_text = record.stack_info = None
    if not _is_ours(record.name):
        record.msg = WITHHELD
    elif not isinstance(record.msg, str):  # an exception handed over as the message
        record.msg = explain(record.msg) if isinstance(record.msg, BaseException) else WITHHELD
    elif record.args:  # "%s" has no filter: what varies belongs into extra
        record.msg = re.sub(r"%(\(\w+\))?[-#0 +\d.*]*[a-zA-Z]", WITHHELD, record.msg)
    record.args = ()
    return record


def fields(record: logging.LogRecord) -> Iterator[tuple[str, str | int | float | bool | None]]:
    """The ids of a record, and what went wrong."""
    if _is_ours(record.name):
        for key, value in vars(record).items():
            if key not in STANDARD:
                yield key, plain(value)
    if failure := getattr(record, "failure", ""):
        yield "failure", failure


def plain(value: object) -> str | int | float | bool | None:
    """A value as it may stand in a log: ids, numbers and times as they are, our own errors by their sentence, everything else withheld."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, BaseException):
        return explain(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str) and ID.fullmatch(value):
        return str(value)
    return WITHHELD


class LineFormatter(logging.Formatter):
    """`2026-10-07T19:00:03Z INFO peerplugin.service action="meeting opened" meeting=liver-spot/2026-10-07`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record holds."""
        words = [_at(record), record.levelname, record.name, f"action={_quoted(record.getMessage())}"]
        words += [f"{key}={_quoted(value)}" for key, value in fields(record)]
        return " ".join(words)


class JsonFormatter(LineFormatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record holds."""
        head = {"at": _at(record), "level": record.levelname, "logger": record.name, "action": record.getMessage()}
        return json.dumps({**dict(fields(record)), **head}, ensure_ascii=False)


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(value: str | int | float | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    text = str(value)
    return text if text and ID.fullmatch(text) and "=" not in text else json.dumps(text, ensure_ascii=False)


# --- what nobody caught -------------------------------------------------------------------------------------------


def _last_words(action: str, fault: BaseException | None) -> None:
    logging.getLogger("peerplugin").critical(action, exc_info=fault)


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _last_words("stopped by an error that nobody caught", fault.with_traceback(trace))


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    _last_words("an error while something was cleared away", unraisable.exc_value)


def _in_thread(args: threading.ExceptHookArgs) -> None:
    _last_words("a thread stopped by an error that nobody caught", args.exc_value)
