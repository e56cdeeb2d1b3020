"""No word that somebody wrote comes out of the log, whoever logs it and however it fails."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from peerplugin import log
from peerplugin.errors import OutsideError

CANARY = "kanarienvogel"
BODY = f"my {CANARY} was ill on tuesday"
ROOT = Path(__file__).parent.parent
OWN = logging.getLogger("peerplugin.service")


class Everything(logging.Handler):
    """A handler that is not ours and prints all it can get."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args} {record.exc_info} {record.exc_text}")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What our own handler wrote; the process is left as it was found."""
    root, stream = logging.getLogger(), io.StringIO()
    before = (logging.getLogRecordFactory(), list(root.handlers), root.level, sys.excepthook, sys.unraisablehook, threading.excepthook)
    log.setup("DEBUG", stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    logging.setLogRecordFactory(before[0])
    root.handlers[:], (_, _, level, sys.excepthook, sys.unraisablehook, threading.excepthook) = before[1], before
    root.setLevel(level)
    for name in log.OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def everything(out: io.StringIO) -> Iterator[Everything]:
    """A foreign handler on the root, with every logger at DEBUG."""
    root, handler = logging.getLogger(), Everything()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)


def test_a_line_is_an_action_and_ids(out: io.StringIO) -> None:
    OWN.info(
        "meeting opened", extra={"meeting": "liver-spot/2026-10-07", "room": "!r:example.org", "messages": 412, "again": False, "end": None}
    )
    (line,) = out.getvalue().splitlines()
    _, rest = line.split(" ", 1)
    assert rest == (
        'INFO peerplugin.service action="meeting opened" meeting=liver-spot/2026-10-07 room=!r:example.org messages=412 again=no end=none'
    )


def test_as_json_a_line_is_one_object(out: io.StringIO) -> None:
    stream = io.StringIO()
    log.setup("DEBUG", as_json=True, stream=stream)
    OWN.info("synced", extra={"since": "s12_3", "at": datetime(2026, 10, 7, 19, tzinfo=UTC)})
    told = json.loads(stream.getvalue())
    assert (told["action"], told["since"], told["level"], told["logger"]) == ("synced", "s12_3", "INFO", "peerplugin.service")
    assert out.getvalue() == "", "a second set-up takes the place of the first"


@pytest.mark.parametrize("value", [BODY, [CANARY], {"body": CANARY}, CANARY.encode(), f"{CANARY}\nforged line", CANARY * 20])
def test_what_is_not_an_id_is_withheld(everything: Everything, out: io.StringIO, value: object) -> None:
    OWN.info("received", extra={"event": "$e", "body": value})
    assert 'action=received event=$e body="(withheld)"' in out.getvalue()
    assert CANARY not in out.getvalue() + "".join(everything.lines)


def test_an_argument_of_a_message_is_withheld(everything: Everything, out: io.StringIO) -> None:
    OWN.info("got %s and %-10.3f", BODY, 3.5)
    assert 'action="got (withheld) and (withheld)"' in out.getvalue()
    assert CANARY not in out.getvalue() + "".join(everything.lines)


@pytest.mark.parametrize(
    "name", ["hpack.hpack", "aiohttp.server", "urllib3.connectionpool", "sqlalchemy.engine.Engine", "asyncio", "py.warnings"]
)
def test_what_a_library_logs_is_cut_to_its_name_and_kind(everything: Everything, out: io.StringIO, name: str) -> None:
    foreign = logging.getLogger(name)
    foreign.debug("body %s", BODY)
    try:
        raise ValueError(BODY)
    except ValueError:
        foreign.exception("could not read %s", BODY, extra={"content": BODY}, stack_info=True)
    foreign.error("%(a)s", {"a": BODY})
    assert f"ERROR {name} action=(withheld)" in out.getvalue().replace('"', "")
    assert "ValueError at tests/test_log.py:" in out.getvalue()
    assert CANARY not in out.getvalue() + "".join(everything.lines)


def test_of_a_library_only_warnings_are_told(out: io.StringIO) -> None:
    logging.getLogger("aiohttp.client").info("synced")
    assert out.getvalue() == ""
    logging.getLogger("aiohttp.client").warning("slow")
    assert out.getvalue() != ""


def test_an_exception_is_its_kind_and_place_and_its_causes(everything: Everything, out: io.StringIO) -> None:
    try:
        try:
            dict[str, str]()[BODY]
        except KeyError as inner:
            raise RuntimeError(BODY) from inner
    except RuntimeError:
        OWN.exception("advance failed", extra={"meeting": "m/1"})
    assert "failure=" in out.getvalue()
    assert "RuntimeError at tests/test_log.py:" in out.getvalue()
    assert ", after KeyError at tests/test_log.py:" in out.getvalue()
    assert CANARY not in out.getvalue() + "".join(everything.lines)
    assert len(out.getvalue().splitlines()) == 1


def test_an_error_of_our_own_keeps_its_sentence(out: io.StringIO) -> None:
    OWN.warning("delivery failed", extra={"error": OutsideError("The forum answered 500 to a new topic.", kind="server")})
    assert 'error="OutsideError (The forum answered 500 to a new topic.)"' in out.getvalue()


def test_an_exception_that_is_the_message_is_explained(out: io.StringIO) -> None:
    OWN.error(ValueError(BODY))
    assert "action=ValueError" in out.getvalue()
    assert CANARY not in out.getvalue()


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert log.explain(one) == "ValueError, after KeyError"


def test_a_warning_is_withheld_too(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(BODY, stacklevel=1)
    assert "py.warnings" in out.getvalue()
    assert CANARY not in out.getvalue()


FAILING = f"""
import asyncio, threading, sys
from peerplugin import log
log.setup()
def fail(*args):
    word = {BODY!r}
    raise ValueError(word)
class Lost:
    __del__ = fail
async def task():
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)
    lost = asyncio.ensure_future(asyncio.to_thread(fail))
    await asyncio.wait([lost])
    del lost
asyncio.run(task())
thread = threading.Thread(target=fail); thread.start(); thread.join()
Lost()
fail()
"""


def test_nothing_that_nobody_caught_tells_more_than_kind_and_place() -> None:
    result = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 1
    assert CANARY not in result.stdout + result.stderr
    actions = ["asyncio", "a thread stopped", "cleared away", "stopped by an error"]
    assert [action for action in actions if action not in result.stderr] == []
    assert result.stderr.count("ValueError at ") == 5
    assert all(line[:2] == "20" for line in result.stderr.splitlines()), "every line is a log line"
