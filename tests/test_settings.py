"""Settings: read whole or refused whole, with every mistake named and no secret shown."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from peerplugin.core.model import Level, Schedule
from peerplugin.errors import MistakeError
from peerplugin.settings import Settings, config_dir, config_dirs, config_file, load, settings_path

EXAMPLE = config_dir() / "peerplugin.example.toml"
TOKEN, PASSWORD, KEY = "syt_YWxtYQ_canarytoken", "canary-password", "canary-api-key"
PLAIN = {"PEERPLUGIN_MATRIX__TOKEN": TOKEN, "PEERPLUGIN_DISCOURSE__API_KEY": KEY}

GOOD = """
[matrix]
homeserver = "https://matrix.example.org/"
user_id = "@peerplugin:example.org"
[discourse]
url = "https://forum.example.org"
username = "peerplugin"
[[series]]
id = "liver-spot"
name = "Liver Spot"
room = "!room:example.org"
management_room = "#moderators:example.org"
category = 7
default_consent = "reported"
how_to_join = "https://forum.example.org/t/12"
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""

SECOND = """
[[series]]
id = "kidney-club"
name = "Kidney Club"
room = "!other:example.org"
management_room = "#moderators:example.org"
category = 9
default_consent = "counted"
how_to_join = "Ask Alma."
schedule = {starts_on = 2026-10-08, time = "18:30", zone = "Europe/Berlin", rule = "RRULE:FREQ=MONTHLY;BYDAY=1TH", minutes = 60}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "peerplugin.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes_of(path: Path, env: dict[str, str]) -> list[str]:
    with pytest.raises(MistakeError) as caught:
        load(path, env)
    head, *lines = str(caught.value).splitlines()
    assert head == f"{path}: {len(lines)} {'mistake' if len(lines) == 1 else 'mistakes'} in the settings"
    return [line.strip() for line in lines]


def only_mistake(folder: Path, text: str, env: dict[str, str] | None = None) -> str:
    (mistake,) = mistakes_of(write(folder, text), {**PLAIN, **(env or {})})
    return mistake


# --- what is right ------------------------------------------------------------------------------------------------


def test_a_good_file_gives_typed_values_and_the_defaults(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD + SECOND), PLAIN)
    first, second = settings.series
    assert settings.matrix.homeserver == "https://matrix.example.org"
    assert first.default_consent is Level.REPORTED
    assert (first.publish_grace_min, first.min_contributors, first.layout, first.start_by_schedule) == (5, 3, "topics", False)
    assert first.schedule.to_core() == Schedule(date(2026, 10, 7), "19:00", "America/Los_Angeles", "FREQ=WEEKLY;BYDAY=WE", 75)
    assert second.schedule.to_core().rule == "FREQ=MONTHLY;BYDAY=1TH"
    assert settings.http.port is None


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    env = {**PLAIN, "PEERPLUGIN_MATRIX__HOMESERVER": "http://127.0.0.1:8008", "PEERPLUGIN_HTTP__PORT": "8017", "PEERPLUGIN_CONFIG": "x"}
    settings = load(write(tmp_path, GOOD), env)
    assert settings.matrix.homeserver == "http://127.0.0.1:8008"
    assert settings.matrix.user_id == "@peerplugin:example.org"
    assert settings.http.port == 8017


def test_only_the_given_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERPLUGIN_MATRIX__HOMESERVER", "https://elsewhere.example.org")
    assert load(write(tmp_path, GOOD), PLAIN).matrix.homeserver == "https://matrix.example.org"


def test_a_secret_can_stand_in_a_file_beside_the_settings(tmp_path: Path) -> None:
    for name, secret in (("password", PASSWORD), ("key", KEY)):
        (tmp_path / name).write_text(secret + "\n", encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    text = GOOD.replace("[discourse]", 'password_file = "password"\n[discourse]\napi_key_file = "key"')
    settings = load(write(tmp_path, text), {})
    assert settings.matrix.password == SecretStr(PASSWORD)
    assert settings.discourse.api_key == SecretStr(KEY)


@pytest.mark.parametrize("there", [False, True])
def test_the_hooks_secret_may_still_have_to_be_written(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "hook").touch(mode=0o600)
    text = "[http]\nport = 8017\n" + GOOD.replace("[discourse]", '[discourse]\nwebhook_secret_file = "hook"')
    discourse = load(write(tmp_path, text), PLAIN).discourse
    assert (discourse.webhook_secret, discourse.webhook_secret_file) == (None, tmp_path / "hook")
    (tmp_path / "hook").write_text("twelve-and-more\n", encoding="utf-8")
    (tmp_path / "hook").chmod(0o600)
    assert load(write(tmp_path, text), PLAIN).discourse.webhook_secret == SecretStr("twelve-and-more")


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[store]\npath = "data/memory.sqlite"\n[texts]\nfolder = "own"\n' + GOOD), PLAIN)
    assert settings.store.path == tmp_path / "data/memory.sqlite"
    assert config_dirs(settings) == (tmp_path / "own", config_dir())


def test_the_file_is_the_one_given_or_the_one_the_environment_names_or_the_one_here() -> None:
    named = {"PEERPLUGIN_CONFIG": "/etc/peerplugin/peerplugin.toml"}
    assert settings_path(Path("mine.toml"), named) == Path("mine.toml")
    assert settings_path(None, named) == Path("/etc/peerplugin/peerplugin.toml")
    assert settings_path(None, {}) == Path("peerplugin.toml")


def test_a_groups_own_copy_of_a_file_goes_before_ours(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[texts]\nfolder = "own"\n' + GOOD), PLAIN)
    assert config_file("README.md", settings) == config_dir() / "README.md"
    (tmp_path / "own").mkdir()
    (tmp_path / "own/README.md").write_text("ours", encoding="utf-8")
    assert config_file("README.md", settings) == tmp_path / "own/README.md"
    with pytest.raises(MistakeError, match=r"no-such\.md"):
        config_file("no-such.md", settings)


# --- what is wrong ------------------------------------------------------------------------------------------------


def test_ten_mistakes_are_told_at_once_each_with_its_place_and_what_was_expected(tmp_path: Path) -> None:
    text = f"""
[matrix]
homeserver = "matrix.example.org"
user_id = "peerplugin"
token = "{TOKEN}"
password = "{PASSWORD}"
[discourse]
url = "https://forum.example.org"
usrname = "peerplugin"
username = "peerplugin"
api_key = "{KEY}"
[http]
port = 70000
[[series]]
id = "Liver Spot"
name = "Liver Spot"
room = "liver"
management_room = "#moderators:example.org"
category = "seven"
default_consent = "everything"
how_to_join = "Ask Alma."
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""
    lines = mistakes_of(write(tmp_path, text), {})
    assert sorted(line.split(": ")[0] for line in lines) == sorted(
        [
            "matrix",
            "matrix.homeserver",
            "matrix.user_id",
            "discourse.usrname",
            "http.port",
            "series[1].id",
            "series[1].room",
            "series[1].category",
            "series[1].default_consent",
            "series[1].schedule.zone",
        ]
    )
    assert "http.port: expected a port between 1 and 65535, found 70000" in lines
    assert 'series[1].id: expected 1 to 20 of a-z, 0-9 and -, such as liver-spot, found "Liver Spot"' in lines
    assert "discourse.usrname: unknown key; the nearest known one is username" in lines
    assert "matrix: expected a token or a password, found both" in lines
    assert not any(secret in line for secret in (TOKEN, PASSWORD, KEY) for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('default_consent = "reported"\n', "", 'series[1].default_consent: expected what members allow who said nothing: "none", '),
        ('time = "19:00"', "time = 19:00:00", 'series[1].schedule.time: expected wall time in quotes, such as "19:00", found 19:00:00'),
        ('rule = "FREQ=WEEKLY;BYDAY=WE"', 'rule = "every Wednesday"', "series[1].schedule.rule: expected a recurrence rule (RFC 5545)"),
        ("BYDAY=WE", "INTERVAL=0", "series[1].schedule.rule: expected a recurrence rule (RFC 5545)"),
        ("BYDAY=WE", "BYDAY=XX", "series[1].schedule.rule: expected a recurrence rule (RFC 5545)"),
        ("America/Los_Angeles", "America", "series[1].schedule.zone: expected a zone of the IANA list"),
        ("category = 7", "category = 7\ndrafts_category = 7", "series[1].drafts_category: expected a private category, found the public one (7)"),
        ("#moderators:example.org", "!room:example.org", "series[1].management_room: expected a room of its own for the moderators"),
        ("category = 7", 'category = 7\nfacilitators = "@alma:example.org"', "series[1].facilitators: expected a list of user ids"),
        ("category = 7", 'category = 7\nlayout = "topic"', 'series[1].layout: expected "topics" (one topic per thread) or "posts"'),
        ("[[series]]", "[service]\nretry_first_s = 1000\n[[series]]", "service.retry_most_s: expected at least retry_first_s (1000), found 900"),
        ("[[series]]", "[sevice]\n[[series]]", "sevice: unknown key; the nearest known one is service"),
        ("[[series]]", "[zzz]\n[[series]]", "zzz: unknown key; known here are matrix, discourse, store"),
        ("[discourse]", '[http]\nport = 8017\n[discourse]\nwebhook_secret = "too-short"', "discourse.webhook_secret: expected the hook's secret in one"),
        ("[discourse]", '[discourse]\nwebhook_secret_file = "hook"', "http.port: expected a port, since the forum's hook comes in there"),
        ("[discourse]", '[http]\npublic_url = "bot.example.org"\n[discourse]', "http.public_url: expected where the forum reaches this port"),
        ("[discourse]", '[store]\npath = ""\n[discourse]\nread_timeout_s = 0', "discourse.read_timeout_s: expected seconds until a silent forum"),
    ],
)  # fmt: skip
def test_each_mistake_names_its_key_and_what_is_expected(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    assert old in GOOD
    assert only_mistake(tmp_path, GOOD.replace(old, new)).startswith(mistake)


def test_two_series_need_ids_and_in_one_room_names_that_can_be_told_apart(tmp_path: Path) -> None:
    text = GOOD + SECOND.replace("kidney-club", "liver-spot").replace("!other:", "!room:").replace("Kidney Club", "liver spot newcomers")
    lines = mistakes_of(write(tmp_path, text), PLAIN)
    assert [line.split(": ")[0] for line in lines] == ["series[2].id", "series[2].name"]


def test_a_settings_file_without_series_is_told_so(tmp_path: Path) -> None:
    head = GOOD.split("[[series]]", maxsplit=1)[0]
    assert only_mistake(tmp_path, head) == "series: expected at least one table [[series]], found nothing"
    assert only_mistake(tmp_path, "series = []\n" + head) == "series: expected at least one table [[series]], found none"


def test_a_mistake_in_the_environment_is_said_to_be_there(tmp_path: Path) -> None:
    mistake = only_mistake(tmp_path, GOOD, {"PEERPLUGIN_HTTP__PORT": "many"})
    assert mistake == 'http.port: expected a port between 1 and 65535, found "many" (from the environment, PEERPLUGIN_HTTP__PORT)'
    mistake = only_mistake(tmp_path, GOOD, {"PEERPLUGIN_MATRX__TOKEN": TOKEN})
    assert mistake == "matrx: unknown table in the environment variable PEERPLUGIN_MATRX__TOKEN; the nearest known one is matrix"


@pytest.mark.parametrize(
    ("content", "mode", "mistake"),
    [
        (b"secret\n", 0o644, "open to everybody (chmod 600)"),
        (b"", 0o600, "found 0 lines"),
        (b"one\ntwo\n", 0o600, "found 2 lines"),
        (b"\xff\xfe", 0o600, "found other data"),
        (None, 0, "No such file or directory"),
    ],
)
def test_a_secret_file_must_be_there_private_and_one_line(tmp_path: Path, content: bytes | None, mode: int, mistake: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
        (tmp_path / "key").chmod(mode)
    text = GOOD.replace("[discourse]", '[discourse]\napi_key_file = "key"')
    (found,) = mistakes_of(write(tmp_path, text), {"PEERPLUGIN_MATRIX__TOKEN": TOKEN})
    assert found.startswith("discourse.api_key_file: expected")
    assert mistake in found


def test_a_secret_given_twice_or_not_at_all_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    text = GOOD.replace("[discourse]", 'token_file = "token"\n[discourse]')
    assert only_mistake(tmp_path, text) == "matrix.token_file: expected only one of token and token_file, found both"
    lines = mistakes_of(write(tmp_path, GOOD), {})
    assert [line.split(":")[0] for line in lines] == ["matrix", "discourse.api_key"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "cannot be read (No such file or directory). Copy config/peerplugin.example.toml there"),
        (b"[matrix\n", "not TOML (at line 1"),
        (f'[matrix]\ntoken = "{TOKEN}\n'.encode(), "not TOML (at line 2"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_one_clear_sentence(tmp_path: Path, data: bytes | None, sentence: str) -> None:
    path = tmp_path / "peerplugin.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(MistakeError) as caught:
        load(path, {"PEERPLUGIN_X": "1"})
    assert sentence in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_table_in_the_environment_that_is_not_json_is_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match=r"not JSON \(one of PEERPLUGIN_MATRIX\)") as caught:
        load(write(tmp_path, GOOD), {"PEERPLUGIN_MATRIX": TOKEN})
    assert TOKEN not in str(caught.value)


# --- secrets ------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_any_repr_string_or_dump(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD), PLAIN)
    shown = [
        repr(settings),
        str(settings),
        repr(settings.matrix),
        repr(settings.model_dump()),
        settings.model_dump_json(),
        f"{settings.discourse}",
    ]
    assert not any(secret in text for secret in (TOKEN, KEY) for text in shown)
    assert settings.matrix.token is not None
    assert settings.matrix.token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[discourse]", f'[discourse]\napi_kye = "{KEY}"'),  # a slip in the key's name
        ("[discourse]", f'[discourse]\napi_key = "{KEY}\\n"'),  # a slip in the value
        ('url = "https://forum.example.org"', f'url = "https://peerplugin:{KEY}@forum.example.org"'),  # credentials in an address
        ('url = "https://forum.example.org"', 'url = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"'),  # the key where the address should be
        ('"https://matrix.example.org/"', f'["{TOKEN}"]'),
    ],
)
def test_no_secret_is_in_a_mistake(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(MistakeError) as caught:
        load(write(tmp_path, GOOD.replace(old, new)), {"PEERPLUGIN_MATRIX__TOKEN": TOKEN})
    told = f"{caught.value}{caught.value!r}"
    assert not any(secret in told for secret in (TOKEN, KEY, "0f1e2d3c4b5a"))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@settings_of_hypothesis(deadline=None)
@given(rule=st.text(alphabet="FREQWKLYBDAIMOTHUSN=;,0123-+:", max_size=40), zone=st.text(max_size=20), time=st.text(max_size=8))
def test_whatever_stands_in_a_schedule_it_loads_or_is_a_mistake(
    tmp_path_factory: pytest.TempPathFactory, rule: str, zone: str, time: str
) -> None:
    quoted = [part.encode("ascii", "backslashreplace").decode().replace("\\", "").replace('"', "") for part in (rule, zone, time)]
    quoted = [re.sub(r"[\x00-\x1f\x7f]", "", part) for part in quoted]
    text = re.sub(r"\[series.schedule\].*", "[series.schedule]\nstarts_on = 2026-10-07\n", GOOD, flags=re.S)
    text += f'rule = "FREQ=WEEKLY;{quoted[0]}"\nzone = "{quoted[1]}"\ntime = "{quoted[2]}"\n'
    lines = mistakes_of(write(tmp_path_factory.getbasetemp(), text), PLAIN)  # a zone of 20 random characters is never right
    assert {line.split(":")[0].removeprefix("series[1].schedule.") for line in lines} <= {"rule", "zone", "time"}


# --- the example --------------------------------------------------------------------------------------------------


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type) and issubclass(part, BaseModel)]
        yield from keys_of(inner[0], f"{prefix}{name}.") if inner else [f"{prefix}{name}"]


def documented() -> tuple[list[str], dict[str, object]]:
    """The keys of the example in their order, and the values of those that stand behind a # (an optional key's default)."""
    table, keys, optional = "", [], {}
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"\[+([a-z.]+)\]+", line):
            table = heading[1] + "."
        elif key := re.fullmatch(r"(# )?([a-z_]+) = (.+)", line):
            keys.append(table + key[2])
            if key[1]:
                optional[table + key[2]] = tomllib.loads(f"x = {key[3]}")["x"]
    return keys, optional


def default_of(path: str) -> object:
    model: type[BaseModel] = Settings
    *tables, name = path.split(".")
    for table in tables:
        annotation = model.model_fields[table].annotation
        model = next(part for part in (annotation, *get_args(annotation)) if isinstance(part, type) and issubclass(part, BaseModel))
    assert not model.model_fields[name].is_required(), f"{path} is required, and stands behind a # in the example"
    return model.model_fields[name].default


def test_the_example_names_every_key_once_and_no_other() -> None:
    assert sorted(documented()[0]) == sorted(keys_of(Settings))


def test_every_optional_key_of_the_example_shows_its_default() -> None:
    for path, shown in documented()[1].items():
        default = default_of(path)
        if default is not None:
            assert shown == (str(default) if isinstance(default, Path) else list(default) if isinstance(default, tuple) else default), path


def test_every_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        if re.fullmatch(r"(# )?[a-z_]+ = .+", line):
            assert above.startswith("#") or re.fullmatch(r"[a-z_]+ = .+", above), line


def test_the_example_loads_as_it_is(tmp_path: Path) -> None:
    for name in ("matrix-token", "discourse-key"):
        (tmp_path / name).write_text("a-secret\n", encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    settings = load(write(tmp_path, EXAMPLE.read_text(encoding="utf-8")), {})
    assert [series.id for series in settings.series] == ["liver-spot"]
