"""`peerplugin check discourse` as an operator types it, who may have no key yet: what it prints, how it ends, and the letter to the forum's admin."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from peerplugin import checking, diary, settings
from peerplugin.checking import Line
from peerplugin.store import Store
from tests.command import Result, call
from tests.integrations.answering_forum import BOT, CLOSED, KEY, OPEN, AnsweringForum, forum

__all__ = ["forum"]

SETTINGS = """\
[matrix]
homeserver = "http://127.0.0.1:9"
user_id = "@peerplugin:example.org"
token = "syt_secret"
[discourse]
url = "{url}"
username = "{username}"
{key}
[[series]]
id = "liver-spot"
name = "Liver Spot"
room = "#liver:example.org"
management_room = "#desk:example.org"
category = {open}
drafts_category = {closed}
default_consent = "reported"
how_to_join = "Ask Alma."
{more}
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""


@pytest.fixture
def checked(forum: AnsweringForum, tmp_path: Path) -> Checker:
    return Checker(forum, tmp_path / "peerplugin.toml")


class Checker:
    """Writes settings and calls `check` with them."""

    def __init__(self, forum: AnsweringForum, file: Path) -> None:
        self.forum, self.file = forum, file

    def write(self, key: str = f'api_key = "{KEY}"', more: str = "") -> Path:
        text = SETTINGS.format(url=self.forum.url, username=BOT, key=key, open=OPEN, closed=CLOSED, more=more)
        self.file.write_text(text, encoding="utf-8")
        return self.file

    def __call__(self, *words: str, key: str = f'api_key = "{KEY}"', more: str = "") -> Result:
        return call("check", *words, "--config", self.write(key, more))


def test_check_discourse_asks_the_forum_alone(checked: Checker) -> None:
    result = checked("discourse")
    lines = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    assert {line.split()[0] for line in lines} == {"ok", "advice", "unknown"}
    assert not any("log in as" in line or "meeting room" in line for line in lines)
    assert any(re.match(r"ok      tried    2022 the forum's version: 2\.9\.0\.beta1", line) for line in lines)
    assert not (checked.file.parent / "peerplugin.sqlite").exists(), "nothing is made by looking"


def test_check_matrix_does_not_ask_the_forum(checked: Checker) -> None:
    result = checked("matrix")
    assert result.code == 1 and "log in as" in result.out and not checked.forum.asked


def test_whatever_is_amiss_is_one_line_in_a_pipe_with_what_fails_and_what_to_click(checked: Checker) -> None:
    checked.forum.account(moderator=False)
    result = checked("discourse")
    assert result.code == 1
    (line,) = [line for line in result.out.splitlines() if "bridge_bot is a moderator" in line]
    assert line.startswith("no      tried    both ")
    assert "Without it: it may neither delete a topic" in line and line.endswith("Admin, Users, bridge_bot: Grant Moderation.")


# --- no key yet -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", 'api_key_file = "no-such-file"', 'api_key_file = "empty"'])
def test_without_a_key_the_letter_that_asks_for_one_is_printed_word_for_word(checked: Checker, key: str) -> None:
    (checked.file.parent / "empty").touch(mode=0o600)
    result = checked("discourse", key=key)
    assert (result.code, result.err) == (1, "")
    assert "There is no API key in the settings." in result.out
    letter = result.out.partition(checking.HEAD)[2]
    url = checked.forum.url
    assert "on Liver Lab Forum" in letter and f"topics of {url}," in letter
    assert f'The account "{BOT}"' in letter and f"User: {BOT}" in letter and f"{url}/admin/api/keys/new" in letter
    assert f"Liver Spot ({url}/c/{OPEN}): public." in letter
    assert f"Category {CLOSED} ({url}/c/{CLOSED}): private, for drafts." in letter
    assert "Global Key: ticked" in letter and "topics: write" not in letter, "as a forum of 2022 has it"
    assert "`edit_history_visible_to_public`" in letter
    assert not any(ours for _, ours in checked.forum.asked)


def test_the_letter_to_a_forum_of_2026_names_every_scope_and_no_more(checked: Checker) -> None:
    checked.forum.answer("GET /about.json", 200, {"about": {"version": "2026.8.0-latest", "locale": "en"}}, ours=False)
    result = checked("discourse", "--letter", key="")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Subject: ")
    ticked = re.findall(r"\[ \] (.*)", result.out)
    assert ticked == [
        *("topics: write", "topics: read", "topics: update", "topics: delete", "posts: edit", "posts: delete", "posts: list"),
        *("topics: status", "revisions: read", "revisions: modify", "categories: show", "tags: list"),
    ]
    assert "Global" not in result.out


def test_the_letter_is_written_even_where_the_forum_does_not_answer(checked: Checker) -> None:
    checked.forum.answer("GET /site/basic-info.json", 503, "down", ours=False, Content_Type="text/plain")
    result = checked("--letter", key="")
    assert result.code == 0 and f"Category {OPEN} ({checked.forum.url}/c/{OPEN}): public." in result.out


def test_a_group_writes_its_own_letter(checked: Checker) -> None:
    own = checked.file.parent / "own" / "texts"
    own.mkdir(parents=True)
    (own / "letter-to-the-admin.md").write_text("Hola: {{ username }}, {{ forum }}", encoding="utf-8")
    text = checked.write().read_text(encoding="utf-8").replace("[[series]]", '[texts]\nfolder = "own"\n[[series]]', 1)
    checked.file.write_text(text, encoding="utf-8")
    assert call("check", "--letter", "--config", checked.file).out == f"Hola: {BOT}, {checked.forum.url}\n"


def test_no_letter_is_printed_where_nothing_is_missing_or_only_the_operator_can_mend_it(checked: Checker) -> None:
    assert checking.HEAD not in checked("discourse").out
    checked.forum.key_names = "cleo"
    checked.forum.account(username="cleo")
    result = checked("discourse")
    assert result.code == 1 and "The key speaks for cleo." in result.out and checking.HEAD not in result.out


def test_only_check_does_without_a_key(checked: Checker) -> None:
    for command in ("run", "status"):
        result = call(command, "--config", checked.write(key=""))
        assert result.code == 1 and "discourse.api_key: expected the API key" in result.err
    for key in ('api_key = ""', 'api_key_file = "open"'):
        (checked.file.parent / "open").write_text(KEY, encoding="utf-8")
        (checked.file.parent / "open").chmod(0o644)
        result = checked("discourse", key=key)
        assert result.code == 1 and "discourse.api_key" in result.err, "a key that is there must be one"


# --- what the store knows ---------------------------------------------------------------------------------------------------------------


def test_a_proof_that_fails_says_why_and_what_it_was_announced_as(checked: Checker) -> None:
    result = checked("discourse", "--prove")
    assert result.code == 1
    assert f"A throw-away topic is made, corrected and deleted in {checked.forum.url}/c/{OPEN}" in result.err
    (line,) = [line for line in result.out.splitlines() if "an erasure is complete" in line]
    assert line.startswith("no      tried") and "the service publishes nothing" in line


def test_without_being_asked_nothing_is_proven_and_it_is_said_who_will(checked: Checker) -> None:
    (line,) = [line for line in checked("discourse").out.splitlines() if "an erasure is complete" in line]
    assert line.startswith("unknown -") and "before it first publishes" in line
    (line,) = [line for line in checked("discourse", more="publish_unproven = true").out.splitlines() if "an erasure is complete" in line]
    assert "accepted unshown" in line
    assert {call.split()[0] for call, _ in checked.forum.asked} == {"GET"}


def test_the_webhook_is_told_from_what_is_remembered(checked: Checker) -> None:
    assert "the forum's webhook: none" in checked("discourse").out
    checked.write()
    text = checked.file.read_text(encoding="utf-8").replace("username =", 'webhook_secret = "a-long-secret"\nusername =', 1)
    checked.file.write_text("[http]\nport = 8017\n" + text, encoding="utf-8")
    assert "Nothing was heard of it" in call("check", "discourse", "--config", checked.file).out


def test_the_service_hears_which_plugins_a_post_of_ours_can_use(checked: Checker) -> None:
    file = checked.file.parent / "peerplugin.sqlite"
    Store.open(file).close()
    checked.forum.settings(calendar_enabled=True, discourse_post_event_enabled=True)
    checked("discourse")
    with contextlib.closing(Store.open(file)) as store, store.transaction() as tx:
        assert tx.remembered(diary.PLUGINS) == "events local-dates"


# --- on a terminal ------------------------------------------------------------------------------------------------------------------------

LINES = (
    Line("settings", "ok", "1 series"),
    Line("liver-spot: everybody can read A category with a rather long name (117)", "ok", "looked at without a key", "tried", fits="both"),
    Line("hide earlier texts", "no", "Only moderators may.", "inferred", "what [it] said stays", "Switch `edit_history_visible_to_public` off.", "2022"),
    Line("mails", "advice", "Digests are on.", "inferred", "", "Name it in `digest_suppress_categories`.", "both"),
)  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_a_terminal_and_cuts_no_word(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    checking.draw(LINES, console)
    assert isinstance(console.file, io.StringIO)
    drawn = console.file.getvalue()
    assert max(len(line) for line in drawn.splitlines()) <= width
    for word in ("tried", "inferred", "2022", "looked", "what [it] said stays", "`edit_history_visible_to_public`"):
        assert word in " ".join(drawn.split())
    assert "…" not in drawn
    assert [line.split()[0] for line in drawn.splitlines() if re.match(r" ?(ok|no|advice) ", line)] == [
        "ok",
        "ok",
        "no",
        "advice",
        "no",
        "advice",
    ]


def test_settings_without_a_key_are_known_as_such(checked: Checker) -> None:
    assert settings.load(checked.write(key=""), {}, keyless=True).discourse.api_key is None
    secret = settings.load(checked.write(), {}, keyless=True).discourse.api_key
    assert secret is not None and secret.get_secret_value() == KEY
