"""`peerplugin setup-webhook` as an operator types it: done once or twice, with the right key or a wrong one, and taken back."""

from __future__ import annotations

import logging
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from integrations.discourse import hook_admin
from peerplugin.settings import load
from tests.command import Result, call
from tests.integrations.test_discourse_hook_admin import FORUM, KEY, OURS, PATH, Admin

SETTINGS = f"""
[matrix]
homeserver = "http://127.0.0.1:9"
user_id = "@peerplugin:example.org"
token = "secret-token"
[discourse]
url = "{FORUM}"
username = "peerplugin"
api_key = "secret-key"
webhook_secret_file = "hook-secret"
[http]
port = 8017
public_url = "https://bot.example.org/"
[[series]]
id = "liver-spot"
name = "Liver Spot"
room = "!room:example.org"
management_room = "!desk:example.org"
category = 7
drafts_category = 8
default_consent = "reported"
how_to_join = "Ask Alma."
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    forum = Admin()
    monkeypatch.setenv("PEERPLUGIN_ADMIN_KEY", KEY)
    monkeypatch.setattr(hook_admin, "PATIENCE_S", 0.0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as answers:
        for method in (responses.GET, responses.POST, responses.PUT, responses.DELETE):
            answers.add_callback(method, PATH, forum.answer)
        yield forum


def settings(folder: Path, text: str = SETTINGS) -> Path:
    file = folder / "peerplugin.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def set_up(folder: Path, *words: object, text: str = SETTINGS) -> Result:
    return call("setup-webhook", "--config", settings(folder, text), *words)


# --- done -------------------------------------------------------------------------------------------------------------------------


def test_the_hook_is_made_with_a_new_secret_that_only_its_owner_can_read(tmp_path: Path, admin: Admin) -> None:
    result = set_up(tmp_path)
    file = tmp_path / "hook-secret"
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"A new secret was written to {file}.",
        f"The forum's hook to {OURS} was made (number 1).",
        "The forum called it and the service answered: all is well.",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (hook,) = admin.hooks.values()
    secret = file.read_text(encoding="ascii").strip()
    assert re.fullmatch(r"[0-9a-f]{64}", secret) and hook["secret"] == secret
    assert hook["category_ids"] == [7, 8]
    read = load(tmp_path / "peerplugin.toml", {}).discourse.webhook_secret
    assert read is not None and read.get_secret_value() == secret, "the service takes the same"


def test_a_second_time_keeps_the_secret_and_corrects_the_hook(tmp_path: Path, admin: Admin) -> None:
    set_up(tmp_path)
    secret = (tmp_path / "hook-secret").read_text(encoding="ascii")
    assert f"The forum's hook to {OURS} was there already, and is right (number 1)." in set_up(tmp_path).out
    admin.hooks[1] |= {"active": False}
    assert f"The forum's hook to {OURS} was there, and is corrected (number 1)." in set_up(tmp_path).out
    assert (tmp_path / "hook-secret").read_text(encoding="ascii") == secret and len(admin.hooks) == 1
    admin.hooks[2] = admin.hooks[1] | {"id": 2}
    assert "1 more to the same address was taken away." in set_up(tmp_path).out


def test_a_file_made_beforehand_for_the_services_user_is_filled(tmp_path: Path, admin: Admin) -> None:
    (tmp_path / "hook-secret").touch(mode=0o644)
    assert set_up(tmp_path).code == 0
    assert stat.S_IMODE((tmp_path / "hook-secret").stat().st_mode) == 0o600
    assert admin.hooks[1]["secret"] == (tmp_path / "hook-secret").read_text(encoding="ascii").strip()


def test_a_secret_in_the_settings_is_used_and_written_nowhere(tmp_path: Path, admin: Admin) -> None:
    result = set_up(tmp_path, text=SETTINGS.replace('webhook_secret_file = "hook-secret"', 'webhook_secret = "a-secret-of-ours"'))
    assert result.code == 0 and "secret" not in result.out
    assert admin.hooks[1]["secret"] == "a-secret-of-ours"
    assert [path.name for path in tmp_path.iterdir()] == ["peerplugin.toml"]


def test_a_lost_reply_is_a_sentence_and_the_next_time_finds_the_hook(tmp_path: Path, admin: Admin) -> None:
    admin.lost = True
    first = set_up(tmp_path)
    assert first.code == 1 and "Do the same again" in first.err
    second = set_up(tmp_path)
    assert second.code == 0 and "was there already, and is right (number 1)" in second.out
    assert len(admin.hooks) == 1


def test_the_key_can_stand_in_a_file_and_the_admins_name_beside_it(tmp_path: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERPLUGIN_ADMIN_KEY")
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    assert set_up(tmp_path, "--admin-key-file", tmp_path / "key", "--admin", "mara").code == 0
    assert admin.users == {"mara"}


def test_taken_away_it_is_gone_and_says_what_else_to_do(tmp_path: Path, admin: Admin) -> None:
    set_up(tmp_path)
    result = set_up(tmp_path, "--remove")
    assert (result.code, admin.hooks) == (0, {})
    assert result.out.startswith(f"The forum's hook to {OURS} is taken away.\nTake discourse.webhook_secret_file")
    assert f"The forum has no hook to {OURS}." in set_up(tmp_path, "--remove").out


# --- the ping ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "does not take what it sends. Restart the service"),
        (404, "Something answers at .*, but not the hook"),
        (-1, "cannot get through to .* the certificate trusted"),
        (502, "got the status 502"),
        (0, "is not known: the forum has not tried yet"),
    ],
)
def test_a_ping_that_fails_says_what_to_look_at(tmp_path: Path, admin: Admin, status: int, sentence: str) -> None:
    admin.knock = status
    result = set_up(tmp_path)
    assert result.code == 0, "the hook is made; that nothing comes through yet loses nothing"
    assert re.search(sentence, result.out.splitlines()[-1]) and "o the same again" in result.out


# --- refused ----------------------------------------------------------------------------------------------------------------------


def test_a_key_that_is_no_admins_is_a_sentence_that_does_not_hold_it(tmp_path: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERPLUGIN_ADMIN_KEY", "a-moderators-key")
    result = set_up(tmp_path)
    assert result.code == 1 and "admins only" in result.err and "Traceback" not in result.err
    assert "a-moderators-key" not in result.out + result.err


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('public_url = "https://bot.example.org/"', "", r"http\.public_url: expected"),
        ('webhook_secret_file = "hook-secret"', "", r"discourse\.webhook_secret_file: expected a file"),
        ('"hook-secret"', '"nowhere/hook-secret"', r"cannot be written \(No such file or directory\)"),
    ],
)
def test_settings_that_do_not_do_are_told(tmp_path: Path, admin: Admin, old: str, new: str, sentence: str) -> None:
    result = set_up(tmp_path, text=SETTINGS.replace(old, new))
    assert (result.code, result.out) == (1, "") and re.search(sentence, result.err)
    assert admin.hooks == {}


@pytest.mark.parametrize("key", ["", "two words", "two\nlines", "clé"])
def test_a_key_that_is_none_is_told(tmp_path: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("PEERPLUGIN_ADMIN_KEY", key)
    result = set_up(tmp_path)
    assert result.code == 1 and "An admin's API key in one line is needed" in result.err
    assert (admin.asked, key and key in result.err) == ([], key and False)
    missing = set_up(tmp_path, "--admin-key-file", tmp_path / "no-such-file")
    assert missing.code == 1 and "cannot be read there" in missing.err


def test_neither_key_nor_secret_is_printed_logged_or_left_behind(tmp_path: Path, admin: Admin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    admin.knock = 403
    result = set_up(tmp_path)
    secret = (tmp_path / "hook-secret").read_text(encoding="ascii").strip()
    for hidden in (KEY, secret):
        assert hidden not in result.out + result.err + caplog.text
    assert not any(KEY in path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
