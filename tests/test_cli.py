"""Every command as an operator types it: what it prints, how it ends, and that it leaves a running service alone."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from integrations.discourse.sandbox import Sandbox
from peerplugin import __version__
from peerplugin.demo.homeserver import Homeserver, free_port
from peerplugin.store import Store
from tests.command import Result, call
from tests.story.live import Command, health, hold, settings_text, until, write_settings
from tests.story.script import PRIVATE
from tests.story.stage import Stage

COMMANDS = (
    "run",
    "check",
    "status",
    "backup",
    "setup-webhook",
    "preview",
    "export",
    "review",
    "review list",
    "review approve",
    "review reject",
    "schedule",
    "schedule list",
    "schedule export",
    "replay",
    "demo",
)


@dataclass
class Place:
    """A group whose service runs as a process of its own, with one meeting held and its draft waiting."""

    stage: Stage
    settings: Path
    service: Command
    draft: int
    port: int

    def call(self, *words: str) -> Result:
        """Run a command with this group's settings."""
        return call(*words, "--config", self.settings)

    @property
    def meeting(self) -> str:
        """The key of the first meeting."""
        found = json.loads(self.call("status", "--json").out)
        return str(found["meetings"][0]["meeting"])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as forum:
        yield forum


@pytest.fixture(scope="module")
def place(homeserver: Homeserver, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    stage, port = Stage.build(homeserver, sandbox, tmp_path_factory.mktemp("place")), free_port()
    text = settings_text(stage, port=port).replace("[series.schedule]", 'calendar_file = "kept.ics"\n[series.schedule]')
    settings = write_settings(stage, text)
    with Command(stage.folder, "run", "--config", settings) as service:
        until(lambda: health(port)[0] == 200, "the service's health")
        yield Place(stage, settings, service, hold(stage), port)
    stage.close()


# --- without a service ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    result = call(*command.split(), "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: peerplugin {command}".rstrip())
    assert len(result.out.splitlines()) > 4


def test_the_version_is_told() -> None:
    assert call("--version") == Result(0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [["sing"], ["--loudly"], ["review", "sing"], ["replay"], ["--log-level", "LOUD", "status"], ["replay", "x", "--min-contributors", "0"]],
)
def test_what_is_no_command_ends_with_2_and_a_hint(words: list[str]) -> None:
    result = call(*words)
    assert (result.code, result.out) == (2, "")
    assert "--help" in result.err and "Traceback" not in result.err


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "preview liver-spot/2026-10-07",
        "export liver-spot/2026-10-07",
        "review list",
        "review approve 1",
        "schedule list",
        "schedule export",
    ],
)
def test_a_service_that_never_ran_has_nothing_to_show(tmp_path: Path, homeserver: Homeserver, sandbox: Sandbox, command: str) -> None:
    file = tmp_path / "peerplugin.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    file.chmod(0o600)
    result = call(*command.split(), "--config", file)
    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(r"peerplugin: There is no store at .*store\.sqlite: .*\n", result.err)
    assert not (tmp_path / "store.sqlite").exists(), "and makes none by asking"


EXAMPLE = """
[matrix]
homeserver = "http://127.0.0.1:9"
user_id = "@peerplugin:example.org"
token = "secret-token"
[discourse]
url = "http://127.0.0.1:9"
username = "peerplugin"
api_key = "secret-key"
[store]
path = "store.sqlite"
[[series]]
id = "liver-spot"
name = "Liver Spot"
room = "!room:example.org"
management_room = "!desk:example.org"
category = 7
default_consent = "reported"
how_to_join = "Ask Alma."
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""

TEN = """
[matrix]
homeserver = "matrix.example.org"
user_id = "peerplugin"
token = "secret-token"
tokne = "secret-token"
[discourse]
url = "forum"
username = "peerplugin"
api_key = "secret-key"
[http]
port = 70000
[[series]]
id = "Liver Spot!"
name = "Liver Spot"
room = "liver"
management_room = "!desk:example.org"
category = "seven"
default_consent = "everything"
how_to_join = "Ask Alma."
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Atlantis"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""


def test_ten_mistakes_in_the_settings_are_ten_lines_and_no_secret_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "peerplugin.toml"
    file.write_text(TEN, encoding="utf-8")
    for command in ("check", "run", "status"):
        result = call(command, "--config", file)
        assert (result.code, result.out) == (1, "")
        head, *lines = result.err.splitlines()
        assert head == f"peerplugin: {file}: 10 mistakes in the settings"
        assert len(lines) == 10
        for key in ("homeserver", "user_id", "tokne", "url", "port", "id", "room", "category", "default_consent", "zone"):
            assert any(key in line for line in lines), key
        assert "secret" not in result.err


def test_settings_that_are_not_there_are_missed_in_a_sentence(tmp_path: Path) -> None:
    result = call("check", "--config", tmp_path / "no.toml")
    assert (result.code, result.out) == (1, "")
    assert "no.toml: the settings cannot be read" in result.err


# --- check --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(homeserver: Homeserver, sandbox: Sandbox, tmp_path: Path) -> Iterator[Stage]:
    built = Stage.build(homeserver, sandbox, tmp_path)
    yield built
    built.close()


def checked(stage: Stage, change: Callable[[str], str] = lambda text: text) -> tuple[int, list[str]]:
    result = call("check", "--config", write_settings(stage, change(settings_text(stage))))
    assert result.err == ""
    return result.code, result.out.splitlines()


def test_check_finds_everything_in_order(stage: Stage) -> None:
    code, lines = checked(stage)
    assert code == 0, lines
    assert not {line.split()[0] for line in lines} - {"ok", "advice", "unknown"}
    order = (
        *("settings", "texts and vocabularies", "store", "log in as", "meeting room", "management room"),
        *("the forum's address", "forum key", "is a moderator", "everybody can read", "create topics in", "an erasure is complete"),
    )
    places = [next((number for number, line in enumerate(lines) if what in line), -1) for what in order]
    assert -1 not in places and places == sorted(places), dict(zip(order, places, strict=True))


def test_check_proves_an_erasure_when_it_is_asked_to_and_remembers_it(stage: Stage) -> None:
    def proof(*words: str) -> str:
        result = call("check", "discourse", *words, "--config", settings)
        assert result.code == 0, result.out
        (line,) = [line for line in result.out.splitlines() if "an erasure is complete" in line]
        return line

    settings = write_settings(stage)
    assert proof().startswith("unknown")
    assert [row for row in stage.sandbox.topics() if row["category_id"] == stage.category] == []
    assert proof("--prove").startswith("ok      tried")
    made = [row for row in stage.sandbox.topics() if row["category_id"] == stage.category]
    assert made and all(row["deleted_at"] for row in made)
    assert proof().startswith("ok      tried"), "and again it need not be shown"
    assert len(stage.sandbox.topics()) == len(made)


def _swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


WRONG: dict[str, tuple[Callable[[Stage], Callable[[str], str]], str]] = {
    "no homeserver": (lambda s: _swap(s.homeserver.url, f"http://127.0.0.1:{free_port()}"), "There is no connection to the homeserver"),
    "not a homeserver": (lambda s: _swap(s.homeserver.url, s.sandbox.url), "log in as"),
    "a dead token": (lambda s: _swap(s.cast.bot.user.token, "syt_dead"), "no longer accepts our access token"),
    "another's token": (lambda s: _swap(s.cast.bot.user.token, s.cast.alma.user.token), "belongs to @alma"),
    "an alias that nobody has": (lambda s: _swap(s.room, "#nowhere:peer.test"), "does not know this"),
    "no forum": (lambda s: _swap(s.sandbox.url + '"\nusername', f'http://127.0.0.1:{free_port()}"\nusername'), "the forum's address: Nothing answers"),
    "a wrong key": (lambda s: _swap(s.sandbox.bot_key, "0" * 64), "forum key"),
    "another's key": (lambda s: _swap(s.sandbox.bot_key, s.sandbox.create_user(f"cleo{s.category}")), "The key speaks for cleo"),
    "no moderator": (
        lambda s: lambda text: _swap(s.sandbox.bot_key, s.sandbox.create_user(f"dov{s.category}"))(
            _swap(f'username = "{s.sandbox.bot_username}"', f'username = "dov{s.category}"')(text)
        ),
        "no moderator",
    ),
    "no such category": (lambda s: _swap(f"category = {s.category}", "category = 9999"), "category 9999"),
    "no folder for the store": (lambda s: _swap('"store.sqlite"', '"nowhere/store.sqlite"'), "The folder .* of the store does not exist"),
    "no store": (lambda s: _swap('"store.sqlite"', '"peerplugin.toml"'), "is not a store of peerplugin"),
    "a text that is no template": (lambda s: _swap("[store]", f'[texts]\nfolder = "{_broken(s.folder)}"\n[store]'), "config/texts/post.md, line 1"),
}  # fmt: skip


def _broken(folder: Path) -> Path:
    (folder / "own" / "texts").mkdir(parents=True)
    (folder / "own" / "texts" / "post.md").write_text("{% if %}", encoding="utf-8")
    return folder / "own"


@pytest.mark.parametrize("what", WRONG)
def test_check_says_what_is_wrong_and_what_to_do(stage: Stage, what: str) -> None:
    change, sentence = WRONG[what]
    code, lines = checked(stage, change(stage))
    assert code == 1
    wrong = [line for line in lines if line.startswith("no ")]
    assert any(re.search(sentence, line) for line in wrong), lines
    for line in wrong:
        assert re.search(r": .*[.?]", line), f"what to do: {line}"
        for secret in (stage.cast.bot.user.token, stage.sandbox.bot_key):
            assert secret not in line


def test_check_looks_into_the_rooms(stage: Stage) -> None:
    mara, bot = stage.cast.mara, stage.cast.bot
    locked = mara.create_room("Locked", encrypted=True, invite=[bot])
    bot.join(locked)
    assert (
        _verdict(stage, locked)
        == "The room is encrypted and cannot be read. Encryption cannot be switched off: make a new room without it."
    )
    assert "not in this room" in _verdict(stage, mara.create_room("Elsewhere"))
    quiet = mara.create_room("Quiet", invite=[bot])
    bot.join(quiet)
    mara.set_state(quiet, "m.room.power_levels", {**mara.state(quiet, "m.room.power_levels"), "events_default": 30})
    assert "may not speak here (power 0, needed 30)" in _verdict(stage, quiet)
    old = mara.create_room("Old", version="11", invite=[bot])
    bot.join(old)
    mara.upgrade_room(old, "12")
    assert "was upgraded to" in _verdict(stage, old, "ok")


def _verdict(stage: Stage, room: str, expected: str = "no") -> str:
    code, lines = checked(stage, _swap(f'room = "{stage.room}"\n', f'room = "{room}"\n'))
    (line,) = [line for line in lines if "meeting room" in line]
    assert line.split()[0] == expected and code == (expected == "no")
    return line.partition(f"{room}: ")[2]


# --- beside the running service -------------------------------------------------------------------------------------------------------


def test_status_tells_what_became_of_a_meeting_and_nobodys_words(place: Place) -> None:
    text, found = place.call("status"), json.loads(place.call("status", "--json").out)
    assert text.code == 0
    meeting = found["meetings"][0]
    assert f"{meeting['meeting']} (" in text.out and re.match(r"captured 1[12] \(gap: none\), left out [56], drafts 1, ", meeting["line"])
    assert set(found) == {"meetings", "outbox", "stuck", "troubles"}
    assert (found["stuck"], found["troubles"]) == ([], [])
    for word in (*PRIVATE, "banding", "yogurt"):
        assert word not in text.out + json.dumps(found)


def test_a_preview_is_what_the_forum_would_hold(place: Place) -> None:
    result = place.call("preview", place.meeting)
    assert result.code == 0
    assert re.search(r"^# .*banding.*\?$", result.out, re.MULTILINE)
    assert f"(#{place.draft}, " in result.out and "## What members experienced" in result.out
    for word in PRIVATE:
        assert word not in result.out


def test_an_unknown_meeting_is_answered_with_the_known_ones(place: Place) -> None:
    for command in ("preview", "export"):
        result = place.call(command, "no-such/2026-01-01")
        assert (result.code, result.out) == (1, "")
        assert place.meeting in result.err


def test_what_export_prints_can_be_replayed(place: Place, tmp_path: Path) -> None:
    exported = place.call("export", place.meeting)
    for word in PRIVATE:
        assert word not in exported.out
    (tmp_path / "log.json").write_text(exported.out, encoding="utf-8")
    replayed = call("replay", tmp_path / "log.json", "--json")
    assert (replayed.code, replayed.err) == (0, "")
    preview = place.call("preview", place.meeting).out
    (draft,) = json.loads(replayed.out)["drafts"]
    assert draft["title"] in preview
    assert [s["text"] for s in draft["statements"] if s["text"] not in preview] == []


def test_a_backup_of_the_running_store_is_a_store(place: Place, tmp_path: Path) -> None:
    result = place.call("backup", str(tmp_path / "copy.sqlite"))
    assert result.code == 0 and "was copied to" in result.out
    copy = Store.open(tmp_path / "copy.sqlite")
    with copy.transaction() as tx:
        assert place.meeting in tx.record_keys()
    copy.close()
    assert (tmp_path / "copy.sqlite").stat().st_mode & 0o077 == 0, "it holds the token and what patients said"
    refused = place.call("backup", str(place.stage.folder / "store.sqlite"))
    assert refused.code == 1 and "is the store itself" in refused.err
    nowhere = place.call("backup", str(tmp_path / "no" / "copy.sqlite"))
    assert nowhere.code == 1 and "does not exist" in nowhere.err


def test_a_second_service_on_the_same_store_is_refused(place: Place) -> None:
    other = place.stage.folder / "second.toml"
    other.write_text(settings_text(place.stage), encoding="utf-8")
    other.chmod(0o600)
    second = call("run", "--config", other)
    assert (second.code, second.out) == (1, "")
    assert re.fullmatch(r"peerplugin: Another peerplugin runs on the store .*store\.sqlite: stop that one first, .*\n", second.err)
    assert health(place.port)[0] == 200, "the first one goes on"


def test_review_lists_what_waits(place: Place) -> None:
    result = place.call("review", "list")
    assert result.code == 0
    assert re.search(rf"^#{place.draft}  .*banding", result.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("approve 9999", "No draft 9999 waits"), ("approve three", "three is no draft's number"), ("approve ²", "is no draft's number"),
     ("approve 12345678901234567890", "is no draft's number"), ("reject all", "Only `approve` takes `all`")],
)  # fmt: skip
def test_review_refuses_what_is_no_draft(place: Place, words: str, sentence: str) -> None:
    result = place.call("review", *words.split())
    assert (result.code, result.out) == (1, "")
    assert sentence in result.err


def test_review_approve_beside_the_running_service_publishes(place: Place) -> None:
    number, before = hold(place.stage), len(place.stage.topics())
    result = place.call("review", "approve", f"#{number}")
    assert result.code == 0 and "left for the service" in result.out
    until(lambda: len(place.stage.topics()) == before + 2, "a topic and its index")
    decisions = [d for m in json.loads(place.call("status", "--json").out)["meetings"] for d in m["decisions"] if d["draft"] == number]
    assert [(d["verdict"], d["who"], d["by"]) for d in decisions] == [("approved", "operator", "command")]


def test_review_reject_beside_the_running_service_rejects(place: Place) -> None:
    number, before = hold(place.stage), len(place.stage.topics())
    assert place.call("review", "reject", str(number), "too thin").code == 0
    until(lambda: any(d["draft"] == number for d in _decisions(place)), "the decision")
    assert [d["verdict"] for d in _decisions(place) if d["draft"] == number] == ["rejected"]
    assert len(place.stage.topics()) == before
    assert "too thin" not in place.call("status").out + place.call("status", "--json").out


def _decisions(place: Place) -> list[dict[str, object]]:
    return [d for m in json.loads(place.call("status", "--json").out)["meetings"] for d in m["decisions"]]


def test_the_health_page_says_that_all_is_well(place: Place) -> None:
    assert health(place.port) == (200, {"healthy": True, "troubles": {}})


def test_a_dry_run_writes_down_what_it_would_say_and_says_nothing(stage: Stage) -> None:
    port = free_port()
    settings = write_settings(stage, port=port)
    before = (stage.events(stage.room), stage.events(stage.desk), stage.topics())
    with Command(stage.folder, "run", "--dry-run", "--config", settings) as dry:
        until(lambda: health(port)[0] == 200, "the dry run's health")
        until(lambda: _starts_again(stage, dry), "a meeting's start")
        for person in (stage.cast.alma, stage.cast.bo, stage.cast.cleo):
            person.say(stage.room, f"After my banding I, {person.user_id}, had an ache for two days and ate soup.")
        stage.cast.mara.say(stage.room, "!endmeeting")
        until(lambda: f"would send to {stage.desk}" in dry.out, "a card on paper")
        assert dry.stop() == 0
    assert "🔴 The meeting is being noted" in dry.out
    assert (stage.events(stage.room), stage.events(stage.desk), stage.topics()) == before
    assert not (stage.folder / "store.sqlite").exists()


def _starts_again(stage: Stage, dry: Command) -> bool:
    """A dry run listens from its start on: say it until it has heard it."""
    if f"would send to {stage.room}" in dry.out:
        return True
    stage.cast.mara.say(stage.room, "!startmeeting")
    return False


def test_a_service_that_is_told_to_stop_ends_well_and_lets_go_of_its_store(stage: Stage) -> None:
    port = free_port()
    settings = write_settings(stage, port=port)
    for _ in range(2):
        with Command(stage.folder, "run", "--config", settings) as service:
            until(lambda: health(port)[0] == 200, "its health")
            assert service.stop() == 0, service.err
            assert "Traceback" not in service.err
    with sqlite3.connect(stage.folder / "store.sqlite") as file:
        assert file.execute("PRAGMA quick_check").fetchone() == ("ok",)
    file.close()


def test_a_service_waits_for_a_homeserver_that_starts_later_and_stops_while_it_waits(stage: Stage) -> None:
    settings = write_settings(stage, homeserver=f"http://127.0.0.1:{free_port()}")
    with Command(stage.folder, "run", "--config", settings) as service:
        until(lambda: "does not answer yet" in service.err, "its first complaint")
        assert service.stop() == 0


def test_a_service_with_a_dead_token_says_so_and_ends(stage: Stage) -> None:
    result = call("run", "--config", write_settings(stage, settings_text(stage).replace(stage.cast.bot.user.token, "syt_dead")))
    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(r"peerplugin: The homeserver .* no longer accepts our access token .*\n", result.err)
    assert "syt_dead" not in result.err


# --- dates --------------------------------------------------------------------------------------------------------------------------


def test_the_calendar_is_printed_written_and_handed_out_the_same(place: Place) -> None:
    printed = place.call("schedule", "export").out
    assert printed.startswith("BEGIN:VCALENDAR\r\n") and "SUMMARY:Liver Spot\r\n" in printed
    file = place.stage.folder / "liver.ics"
    assert place.call("schedule", "export", str(place.stage.series.series_id), "--output", str(file)).out.startswith(
        "The calendar was written"
    )
    served = requests.get(f"http://127.0.0.1:{place.port}/calendar/{place.stage.series.series_id}.ics", timeout=10)
    assert served.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert file.read_bytes() == served.content == printed.encode()
    until(lambda: (place.stage.folder / "kept.ics").read_bytes() == served.content, "the file that the service keeps")
    assert (place.stage.folder / "kept.ics").stat().st_mode & 0o777 == 0o644


def test_the_next_dates_are_listed_and_a_series_that_is_none_is_named(place: Place) -> None:
    listed = place.call("schedule", "list").out
    assert listed.count("as usual") == 8 and "Wednesday" in listed
    wrong = place.call("schedule", "export", "kidney")
    assert (wrong.code, wrong.out) == (1, "") and f"There is no series kidney: it is one of {place.stage.series.series_id}." in wrong.err
    nowhere = place.call("schedule", "export", "--output", str(place.stage.folder / "nowhere" / "x.ics"))
    assert nowhere.code == 1 and "let the service's user write into its folder" in nowhere.err
