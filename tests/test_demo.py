"""The demo, run as a newcomer runs it: a process of its own that shows a whole meeting, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from peerplugin.demo import homeserver, meeting
from peerplugin.demo.homeserver import VARIABLE
from peerplugin.errors import MistakeError

NUMBERS = itertools.count()
DEMO = [sys.executable, "-m", "peerplugin", "demo"]


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The demo with a temporary folder of its own, to its end."""
    env = {**os.environ, "TMPDIR": str(folder), **environment}
    return subprocess.run([*DEMO, *options], capture_output=True, text=True, env=env, check=False, timeout=240)


def left_over(folder: Path) -> list[str]:
    """Processes that were started for a demo in this folder and still live."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(folder) in line:
            found.append(line)
    return found


def under(heading: str, output: str) -> dict[str, str]:
    """The table under a heading: title -> address."""
    after = re.split(rf"(?m)^{heading}.*:$", output)[1]
    rows = re.match(r"(?:\n  [^ ].*\n    http://127\.0\.0\.1:\d+/t/\S+)+", after)
    assert rows, after
    lines = rows[0].strip("\n").split("\n")
    return {title.strip(): address.strip() for title, address in zip(lines[::2], lines[1::2], strict=True)}


@contextmanager
def started(folder: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The demo while it runs."""
    env = {**os.environ, "TMPDIR": str(folder), **environment}
    with subprocess.Popen([*DEMO, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    """What it printed, up to a line with these words."""
    assert demo.stdout is not None
    output = ""
    for line in demo.stdout:
        output += line
        if words in line:
            return output
    raise AssertionError(f"it ended before it said {words!r}:\n{output}")


SAID = (
    ("alma", "Does the banding of varices hurt, and what can I eat after the banding?"),
    ("bo", "I had five rounds of banding and I had an ache behind my breastbone for two days after the banding."),
    ("cleo", "After my banding I ate soft food for three days, soup and yogurt."),
    ("dov", "I sucked lozenges after the banding and my throat felt better."),
)


def short_log() -> list[dict[str, object]]:
    """A meeting of one question and three answers."""
    said = (a_line(body, f"@{who}:example.org", answers=body != SAID[0][1]) for who, body in SAID)
    return [a_line("!startmeeting"), *said, a_line("!endmeeting")]


def a_line(body: str, sender: str = "@mara:example.org", *, answers: bool = False) -> dict[str, object]:
    """One message of a log; an answer answers the question of `short_log`."""
    number = next(NUMBERS)
    event_id = "$question" if body == SAID[0][1] else f"$e{number}"
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": "$question"}}} if answers else {}
    return {
        "type": "m.room.message", "event_id": event_id, "room_id": "!room:example.org", "sender": sender,
        "origin_server_ts": 1_791_400_000_000 + number * 1000, "content": {"msgtype": "m.text", "body": body, **relation},
    }  # fmt: skip


def test_the_demo_holds_a_meeting_and_ends_with_the_topics_and_a_search_that_finds_one(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    published, found = under("Published", done.stdout), under("Found by", done.stdout)
    assert len(published) >= 3, "an index and some threads"
    assert found
    assert found.items() <= published.items()
    for word in ("✓ peerplugin check", "🔴", "⏹", "✅ publish   ❌ no", "rests on:", "gone: ", "published:", "rejected 1"):
        assert word in done.stdout
    assert "✗" not in done.stdout
    assert done.stderr == ""
    assert left_over(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_kept_can_be_looked_at_until_somebody_ends_it(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(json.dumps(event) for event in short_log()))
    folder = tmp_path / "demo"
    folder.mkdir()
    with started(folder, "--meeting", str(log), KEEP="1") as demo:
        output = read_until(demo, "Settings of the service")
        forum = re.search(r"(?m)^  Forum\n    (\S+)$", output)
        name, password = re.findall(r"(?m)^  Moderator\n    (\S+)  password (\S+)$", output)[0]
        homeserver = re.findall(r"(?m)^  Homeserver.*\n    (\S+)$", output)[0]
        assert forum is not None, output
        assert "banding" in requests.get(forum[1], timeout=10).text
        body = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": name}, "password": password}
        assert requests.post(f"{homeserver}/_matrix/client/v3/login", json=body, timeout=10).ok
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 0
    assert left_over(folder) == []
    assert list(folder.iterdir()) == []


def test_a_demo_that_is_stopped_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        read_until(demo, "✓")
        assert left_over(tmp_path) != []
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=60) == 1
    assert left_over(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_demo_whose_step_does_not_happen_says_which_one(tmp_path: Path) -> None:
    done = run(tmp_path, **{VARIABLE: shutil.which("false") or ""})
    assert done.returncode == 1
    assert 'This step did not happen: "A homeserver (Synapse) and a forum' in done.stderr
    assert "Synapse did not start (exit code 1)" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_homeserver_the_demo_ends_with_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, **{VARIABLE: str(tmp_path / "no-such-python")})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"peerplugin: There is no Synapse: {VARIABLE} names {tmp_path}/no-such-python")


def test_without_an_environment_for_it_the_sentence_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(homeserver, "__file__", str(tmp_path / "peerplugin" / "demo" / "homeserver.py"))
    with pytest.raises(MistakeError, match=r"make \.venv-synapse"):
        homeserver.synapse_python()
    (tmp_path / ".venv-synapse" / "bin").mkdir(parents=True)
    (tmp_path / ".venv-synapse" / "bin" / "python").touch()
    assert homeserver.synapse_python() == tmp_path / ".venv-synapse" / "bin" / "python"


# --- the log that is held ---------------------------------------------------------------------------------------------------


def test_the_shipped_meeting_is_short_lively_and_without_its_bot() -> None:
    log = meeting.read_log(meeting.SHIPPED)
    kinds = Counter(line.kind for line in log.lines)
    assert 90 <= len(log.lines) <= 130
    assert min(kinds[kind] for kind in ("edit", "redaction", "reaction")) >= 1
    assert any(line.thread_root for line in log.lines)
    assert any(line.body.startswith("[off]") for line in log.lines)
    assert "meetbot" not in {user[1:].partition(":")[0] for user in log.people}
    assert log.people[log.facilitator].startswith("Sudha")


def test_of_a_log_only_what_lies_between_start_and_end_is_held(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps([a_line("early"), *short_log(), a_line("late")]))
    bodies = [line.body for line in meeting.read_log(file).lines]
    assert bodies == [said for _, said in SAID]


def test_a_log_in_which_nobody_speaks_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps([a_line("!startmeeting"), a_line("!endmeeting")]))
    with pytest.raises(MistakeError, match="nobody says anything"):
        meeting.read_log(file)


def test_two_people_of_one_name_on_different_servers_get_two_accounts(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps([a_line("hello", "@alma:one.test"), a_line("hello", "@alma:two.test"), a_line("hello", "@mara:one.test")]))
    names = meeting.account_names(meeting.read_log(file), frozenset({"mara"}))
    assert sorted(names.values()) == ["alma", "alma2", "mara2"]
