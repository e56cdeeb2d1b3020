"""Whether a forum is at this address, by the name it gives itself, at the same time of day; and which Discourse it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from urllib.parse import urlsplit

from integrations.discourse.capability import Capability, Fits
from integrations.discourse.client import Answer, Discourse
from integrations.discourse.looks import About, BasicInfo, Looks, SiteSettings, as_anybody, attempt
from peerplugin.errors import OutsideError

FOLDERS = ("/forum", "/community", "/discuss")
"""Where a forum stands that has not a host of its own."""
MOST_OFF_S = 90.0
FAR_OFF_S = 600.0
"""A clock that is so far off makes the hooks look like old ones that somebody sends again."""


@dataclass(frozen=True, slots=True)
class Forum:
    """What everybody can know of a forum."""

    title: str
    about: About
    settings: SiteSettings | None  # None: it did not say
    generation: Fits
    login_required: bool


def look(discourse: Discourse, clock: Callable[[], datetime], *, has_key: bool) -> tuple[Forum | None, list[Capability]]:
    """The forum at the address, or None where there is none."""
    looks = Looks(discourse)
    answer = attempt(looks.greeting)
    now = clock()
    basics = attempt(lambda: _basics(answer))
    if isinstance(basics, OutsideError) or isinstance(answer, OutsideError):
        return None, [_elsewhere(discourse, answer, basics)]
    about = as_anybody(lambda anonymous: looks.about(anonymous=anonymous), has_key=has_key)
    settings = as_anybody(lambda anonymous: looks.settings(anonymous=anonymous), has_key=has_key)
    said = about if isinstance(about, About) else About()
    told = settings if isinstance(settings, SiteSettings) else None
    forum = Forum(basics.title, said, told, generation(said.version, told), bool(basics.login_required))
    return forum, [_here(discourse.base_url, basics, said), _version(forum), *_clock(answer, now), _writable(answer)]


def generation(version: str, settings: SiteSettings | None) -> Fits:
    """Which of the two forums that we know this one is like; nothing where it lies between, or does not say."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    if numbers and (numbers >= [3, 5] or numbers[0] > 2000):
        return "2026"
    if numbers and numbers[0] <= 2:
        return "2022"
    return "2026" if not numbers and settings is not None and settings.discourse_ai_enabled is not None else ""


def _greeted(looks: Looks) -> BasicInfo:
    return _basics(looks.greeting())


def _basics(answer: Answer | OutsideError) -> BasicInfo:
    if isinstance(answer, OutsideError):
        raise answer
    if answer.location:
        raise OutsideError("it sends us elsewhere", kind="not_json", permanent=True)
    return answer.read(BasicInfo, what="/site/basic-info.json")


def _here(url: str, basics: BasicInfo, about: About) -> Capability:
    own, called = urlsplit(basics.logo_url or ""), urlsplit(url)
    if called.scheme == "https" and (about.https is False or (own.scheme == "http" and own.netloc == called.netloc)):
        return Capability(
            "the forum's address",
            "advice",
            "The forum is reached by https, but calls itself http.",
            without="its hooks are refused, and its mails and pages link to http",
            mend="Admin, Settings, Security: switch `force_https` on.",
        )
    return Capability("the forum's address", "ok", f"{url} is a Discourse")


def _version(forum: Forum) -> Capability:
    like = {
        "2022": "like the forum of 2022 that our facts were measured on",
        "2026": "like the forum of 2026 whose source our facts were read from",
    }.get(forum.generation, "between the forums of 2022 and 2026 that we know: each capability is tried, none is taken for granted")
    if not forum.about.version:
        return Capability("the forum's version", "unknown", f"it does not say; {like}", fits=forum.generation)
    return Capability("the forum's version", "ok", f"{forum.about.version}, {like}", fits=forum.generation)


def _clock(answer: Answer, now: datetime) -> Iterator[Capability]:
    what = "the clocks agree"
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        yield Capability(what, "unknown", "The forum's answers have no date.")
        return
    off_s = (now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(off_s) < MOST_OFF_S:
        yield Capability(what, "ok")
        return
    yield Capability(
        what,
        "no" if abs(off_s) >= FAR_OFF_S else "advice",
        f"This machine's clock is {_spoken(abs(off_s))} {'ahead of' if off_s > 0 else 'behind'} the forum's.",
        without="meetings are announced at a wrong time, and hooks are taken for old ones and refused",
        mend="See which one is wrong: on this machine with `timedatectl` (systemd-timesyncd or chrony keeps it right).",
        by="operator",
    )


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _writable(answer: Answer) -> Capability:
    if answer.headers.get("Discourse-Readonly", "") != "true":
        return Capability("the forum takes changes", "ok", "not in read-only mode")
    return Capability(
        "the forum takes changes",
        "no",
        "The forum is in read-only mode.",
        without="nothing can be published, corrected or taken back until it ends; it is tried again by itself",
        mend="Wait for the end of its backup or update; else Admin, Backups: switch the read-only mode off.",
    )


# --- where else ---------------------------------------------------------------------------------------------------------


def _elsewhere(discourse: Discourse, answer: Answer | OutsideError, why: Answer | BasicInfo | OutsideError) -> Capability:
    """No forum is there: say where it is, if it can be found."""
    what, url = "the forum's address", discourse.base_url
    better = ""
    if isinstance(answer, Answer) and answer.location:
        better = re.sub(r"/site/basic-info(\.json)?([?#].*)?$", "", answer.location)
        better = "" if better == answer.location or better.startswith("/") else better
        note = f"{url} sends us to {better or 'another page, such as a log-in'}."
    else:
        assert isinstance(why, OutsideError)
        better = next(_found(url), "") if why.kind in ("not_json", "missing", "rights") else ""
        note = f"{url} is no Discourse, but {better} is." if better else why.sentence
    mend = (
        f'Put url = "{better}" under [discourse].'
        if better
        else "Put the address under [discourse] that a browser shows on the forum's first page."
    )
    return Capability(what, "no", note, without="nothing of the forum can be reached", mend=mend, by="operator")


def _found(url: str) -> Iterator[str]:
    """The folders above the address, and those below its host that forums usually stand in."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    steps = [step for step in parts.path.split("/") if step]
    above = [origin + "".join(f"/{step}" for step in steps[:number]) for number in range(len(steps) - 1, -1, -1)]
    for candidate in above + [origin + folder for folder in FOLDERS if not steps]:
        there = Discourse(candidate, api_key="")
        basics = attempt(partial(_greeted, Looks(there)))
        there.close()
        if isinstance(basics, BasicInfo):
            yield candidate
