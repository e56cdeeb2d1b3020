"""What the operator decides: one TOML file, the environment over it, secrets by file; all mistakes told at once.

`load` gives `Settings` or raises one MistakeError with a line for each mistake. Every field's description says what is expected there:
it is what a mistake quotes, and what `config/peerplugin.example.toml` explains."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from peerplugin import mistakes
from peerplugin.core.model import Level, Schedule
from peerplugin.errors import MistakeError

PREFIX = "PEERPLUGIN_"
SHIPPED = "config"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as fault:  # OSError: a folder of zones, such as "America"
        raise ValueError from fault
    return name


def _rule(rule: str) -> str:
    plain = rule.removeprefix("RRULE:")  # its first date and its zone are keys of their own; INTERVAL=0 would never end
    if not re.fullmatch(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;(?!INTERVAL=0)[A-Z]+=[A-Z0-9,+-]+)*", plain):
        raise ValueError
    rrulestr(plain)
    return plain


def _range(pair: tuple[int, int]) -> tuple[int, int]:
    if pair[0] > pair[1]:
        raise ValueError
    return pair


def _address(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", url):
        raise ValueError
    return url.rstrip("/")


def _secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"\S(.*\S)?", value.get_secret_value()):
        raise ValueError
    return value


def _hook_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]{12,}", value.get_secret_value()):  # fewer are refused by Discourse
        raise ValueError
    return value


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Address = Annotated[str, AfterValidator(_address)]
User = Annotated[str, StringConstraints(pattern=r"^@[^\s:]+:\S+$")]
Room = Annotated[str, StringConstraints(pattern=r"^(![^\s]+|#[^\s:]+:\S+)$")]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
HookSecret = Annotated[SecretStr, AfterValidator(_hook_secret)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]
Seconds = Annotated[float, Field(gt=0, le=24 * 3600)]


class Section(BaseModel):
    """A table of the file: unknown keys are mistakes, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class MatrixSettings(Section):
    """`[matrix]`: the account that listens in the rooms and speaks there."""

    homeserver: Address = Field(description="the homeserver's address, such as https://matrix.example.org")
    user_id: User = Field(description="the account's full name, such as @peerplugin:example.org")
    token: Secret | None = Field(None, description="the account's access token in one line")
    token_file: Path | None = Field(None, description="a file that holds the access token")
    password: Secret | None = Field(None, description="the account's password in one line")
    password_file: Path | None = Field(None, description="a file that holds the password")
    device_name: Text = Field("peerplugin", description="the name of our device in the account's list, such as peerplugin")


class DiscourseSettings(Section):
    """`[discourse]`: the forum and the key that we write with."""

    url: Address = Field(description="the forum's address, such as https://forum.example.org")
    username: Text = Field(description="the forum account that the posts are written by, such as peerplugin")
    api_key: Secret | None = Field(None, description="the API key in one line")
    api_key_file: Path | None = Field(None, description="a file that holds the API key")
    webhook_secret: HookSecret | None = Field(None, description="the hook's secret in one line, at least 12 letters, digits or signs")
    webhook_secret_file: Path | None = Field(None, description="a file that holds the hook's secret, or will")
    connect_timeout_s: Seconds = Field(5, description="seconds until an unreachable forum is given up, more than 0")
    read_timeout_s: Seconds = Field(30, description="seconds until a silent forum is given up, more than 0")
    calls_a_minute: Annotated[int, Field(ge=10, le=600)] = Field(50, description="the most calls a minute with our key, 10 to 600")


class StoreSettings(Section):
    """`[store]`: where the service remembers."""

    path: Path = Field(Path("peerplugin.sqlite"), description="the store's file, such as /var/lib/peerplugin/peerplugin.sqlite")


class HttpSettings(Section):
    """`[http]`: the little HTTP that the service serves (its health, the calendars, and the address of the forum's hooks); off without a port."""

    host: Text = Field("127.0.0.1", description="the address to listen on, such as 127.0.0.1")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="a port between 1 and 65535")
    public_url: Address | None = Field(None, description="where the forum reaches this port, such as https://bot.example.org")


class TextsSettings(Section):
    """`[texts]`: a group's own words."""

    folder: Path | None = Field(None, description="a folder with your own copies of files of config/")


class ServiceSettings(Section):
    """`[service]`: how often we look, and how patiently we try again."""

    wake_s: Seconds = Field(5, description="seconds between two looks at what is due, more than 0")
    sync_s: Seconds = Field(30, description="seconds that one question to the homeserver may wait for news, more than 0")
    retry_first_s: Seconds = Field(5, description="seconds before the first new try, more than 0")
    retry_most_s: Seconds = Field(900, description="the longest wait between two tries in seconds, more than 0")


class ScheduleSettings(Section):
    """`[series.schedule]`: when a series meets."""

    starts_on: date = Field(description="the date of the first meeting, such as 2026-10-07")
    time: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        description='wall time in quotes, such as "19:00"'
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(description="a zone of the IANA list, such as America/Los_Angeles")
    rule: Annotated[str, AfterValidator(_rule)] = Field(description="a recurrence rule (RFC 5545), such as FREQ=WEEKLY;BYDAY=WE")
    minutes: Annotated[int, Field(ge=1, le=24 * 60)] = Field(75, description="how long a meeting lasts in minutes, 1 to 1440")
    ends_on: date | None = Field(None, description="the date of the last meeting, such as 2027-06-30")
    other_zones: tuple[Annotated[str, AfterValidator(_zone)], ...] = Field(
        (), max_length=3, description='up to three more zones, such as ["America/New_York", "Europe/Berlin"]'
    )
    announce_min: tuple[Annotated[int, Field(ge=0, le=28 * 24 * 60)], ...] = Field(
        (7 * 24 * 60, 24 * 60, 60, 0),
        max_length=6,
        description="a list of minutes before a meeting, 0 to 40320, such as [10080, 1440, 60, 0]",
    )
    confirm_min: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = Field(
        0, description="minutes before a meeting at which the facilitators are asked, 0 to 10080 (0: never)"
    )
    quorum: Annotated[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=10_000)]], AfterValidator(_range)] = Field(
        (20, 50), description="how few and how many people usually come, such as [20, 50]"
    )
    dates_listed: Annotated[int, Field(ge=1, le=26)] = Field(4, description="how many dates the forum's topic lists, 1 to 26")

    def to_core(self) -> Schedule:
        """The same, as the core knows it."""
        return Schedule(
            starts_on=self.starts_on, time=self.time, zone=self.zone, rule=self.rule, minutes=self.minutes, ends_on=self.ends_on
        )


class SeriesSettings(Section):
    """`[[series]]`: one group's meetings, the room they are held in and the category they are kept in."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,20}$")] = Field(description="1 to 20 of a-z, 0-9 and -, such as liver-spot")
    name: Text = Field(description="the name that people know, such as Liver Spot")
    room: Room = Field(description="the meeting room's id or alias, such as !abc:example.org or #liver:example.org")
    management_room: Room = Field(description="the moderators' room, its id or alias, such as #liver-mods:example.org")
    category: Annotated[int, Field(ge=1)] = Field(
        description="the number of the public category, such as 7 (the forum's address bar shows it)"
    )
    drafts_category: Annotated[int, Field(ge=1)] | None = Field(None, description="the number of a private category, such as 8")
    announcements_category: Annotated[int, Field(ge=1)] | None = Field(
        None, description="the number of a category for a short topic of each date, such as 9"
    )
    tags: tuple[Annotated[str, StringConstraints(pattern=r"^[^\s,]+$")], ...] = Field(
        (), description='a list of tags without spaces, such as ["meeting"]'
    )
    layout: Literal["topics", "posts"] = Field("topics", description='"topics" (one topic per thread) or "posts" (one topic per meeting)')
    default_consent: Level = Field(description='what members allow who said nothing: "none", "counted", "reported" or "quoted"')
    facilitators: tuple[User, ...] = Field((), description='a list of user ids, such as ["@alma:example.org"]')
    start_by_schedule: bool = Field(False, description="true (the schedule opens the meeting) or false (a facilitator does)")
    silence_min: Minutes = Field(45, description="minutes of silence after which a meeting is closed, 0 to 1440 (0: never)")
    grace_min: Minutes = Field(15, description="minutes after the scheduled end at which a meeting is closed, 0 to 1440")
    publish_grace_min: Minutes = Field(5, description="minutes between an approval and its publication, 0 to 1440")
    publish_unproven: bool = Field(False, description="true (publish where an erasure could not be proven complete) or false")
    min_contributors: Annotated[int, Field(ge=1, le=50)] = Field(3, description="how many members a draft needs, 1 to 50")
    calendar_file: Path | None = Field(
        None, description="a file that the calendar is kept in, such as /var/www/html/calendar/liver-spot.ics"
    )
    how_to_join: Text = Field(description="an address or a sentence that tells a reader how to join")
    schedule: ScheduleSettings = Field(description="a table [series.schedule]")


class Settings(BaseSettings):
    """Everything the operator decided, checked."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, env_prefix=PREFIX, env_nested_delimiter="__", case_sensitive=False
    )

    matrix: MatrixSettings = Field(description="a table [matrix]")
    discourse: DiscourseSettings = Field(description="a table [discourse]")
    store: StoreSettings = Field(StoreSettings(), description="a table [store]")
    http: HttpSettings = Field(HttpSettings(), description="a table [http]")
    texts: TextsSettings = Field(TextsSettings(), description="a table [texts]")
    service: ServiceSettings = Field(ServiceSettings(), description="a table [service]")
    series: tuple[SeriesSettings, ...] = Field(description="at least one table [[series]]")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing by itself: `load` reads the file and the environment it was handed, and lays one over the other."""
        return (init_settings,)


class Environment(EnvSettingsSource):
    """The environment as a table, read from the mapping that `load` was given."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._env.items()}


# --- reading ------------------------------------------------------------------------------------------------------


def settings_path(given: Path | None, env: Mapping[str, str]) -> Path:
    """Which file to read: the one given, else the environment's PEERPLUGIN_CONFIG, else peerplugin.toml in this folder."""
    return given or Path(env.get(f"{PREFIX}CONFIG") or "peerplugin.toml")


def load(path: Path, env: Mapping[str, str], *, keyless: bool = False) -> Settings:
    """Read the settings; a path in the file is relative to the file's folder. Raises MistakeError with a line for each mistake.

    `keyless`: it is no mistake that the forum's key is not there yet (its file is missing or empty, or none is named)."""
    found = _merge(_read_toml(path), _read_environment(path, env))
    wrong = mistakes.read_secrets(found, path.parent, keyless=keyless)
    wrong += mistakes.unknown_variables(env, PREFIX, Settings)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(found)
    except ValidationError as fault:
        wrong += mistakes.explain(fault, Settings, env, PREFIX)
    wrong += mistakes.cross_check(found, keyless=keyless)
    if wrong or settings is None:
        raise MistakeError(mistakes.sentence(path, wrong))
    return _anchor(settings, path.parent.resolve())


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        sentence = f"{path}: the settings cannot be read ({fault.strerror}). Copy config/peerplugin.example.toml there, or name a file with --config."
    except UnicodeDecodeError:
        sentence = f"{path}: the settings are not UTF-8 text. Save the file as UTF-8."
    except tomllib.TOMLDecodeError as fault:
        place = re.search(r"\(at (line \d+), .*\)|\(at end of document\)", str(fault))  # the rest may quote what stands there
        sentence = f"{path}: not TOML {place[0] if place else ''}. Is a quote or a bracket missing there?"
    raise MistakeError(sentence)


def _read_environment(path: Path, env: Mapping[str, str]) -> dict[str, object]:
    try:
        return dict(Environment(env)())
    except ValueError:  # pydantic-settings' SettingsError: a whole table or list that is not JSON
        names = ", ".join(sorted(name for name in env if name.startswith(PREFIX) and "__" not in name))
        sentence = f"{path}: the environment holds a table that is not JSON (one of {names}). Set single keys: {PREFIX}MATRIX__TOKEN."
    raise MistakeError(sentence)


def _merge(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _anchor(settings: Settings, folder: Path) -> Settings:
    """The same with its paths made absolute, from the settings file's folder."""
    store = settings.store.model_copy(update={"path": folder / settings.store.path.expanduser()})
    texts = settings.texts
    if texts.folder is not None:
        texts = texts.model_copy(update={"folder": folder / texts.folder.expanduser()})
    discourse = settings.discourse
    if discourse.webhook_secret_file is not None:
        discourse = discourse.model_copy(update={"webhook_secret_file": folder / discourse.webhook_secret_file.expanduser()})
    series = tuple(
        s if s.calendar_file is None else s.model_copy(update={"calendar_file": folder / s.calendar_file.expanduser()})
        for s in settings.series
    )
    return settings.model_copy(update={"store": store, "texts": texts, "discourse": discourse, "series": series})


# --- the files of config/ -----------------------------------------------------------------------------------------


def config_dir() -> Path:
    """The folder of texts and vocabularies as we ship it: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / SHIPPED
    return installed if installed.is_dir() else package.parent / SHIPPED


def config_dirs(settings: Settings | None = None) -> tuple[Path, ...]:
    """Where to look for a file of config/, first to last: the group's own folder, then ours."""
    own = settings.texts.folder if settings else None
    return (own, config_dir()) if own else (config_dir(),)


def config_file(name: str, settings: Settings | None = None) -> Path:
    """One file of config/, such as `texts/started.md`: the group's own copy if there is one."""
    for folder in config_dirs(settings):
        if (folder / name).is_file():
            return folder / name
    raise MistakeError(f"{name} is in none of {', '.join(map(str, config_dirs(settings)))}. Reinstall peerplugin, or put the file back.")
