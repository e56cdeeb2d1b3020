"""What the forum accepts and what it makes of it: titles, bodies, tags, external ids, slugs, revisions. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from integrations.discourse.wire import EXTERNAL_TAKEN, TITLE_TAKEN

SHORTEST_TITLE = 15
LONGEST_TITLE = 255
SHORTEST_BODY = 20
LONGEST_BODY = 32000
LONGEST_EXTERNAL_ID = 50
GRACE = timedelta(minutes=5)
"""An edit within this time of the last version vanishes into it."""
GRACE_CHARACTERS, GRACE_CHARACTERS_OF_NEWCOMERS = 400, 100
"""Unless it changes more than this; less for those below trust level 2."""

_TITLE_UNCLEAR = "Title seems unclear, most of the words contain the same letters over and over?"
_BODY_UNCLEAR = "Body seems unclear, is it a complete sentence?"
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]+:")


def title_faults(title: str, *, admin: bool, taken: bool, shortest: int = SHORTEST_TITLE, longest: int = LONGEST_TITLE) -> list[str]:
    """Why a title is refused, in the forum's words; nothing where it is good. An admin may write short ones."""
    text = title.strip()
    shortest = 1 if admin else shortest
    faults = []
    if not text:
        faults.append("Title can't be blank")
    if len(text) < shortest:
        faults.append(f"Title is too short (minimum is {shortest} character{'s' if shortest > 1 else ''})")
    if len(text) > longest:
        faults.append(f"Title is too long (maximum is {longest} characters)")
    if len(set(text.encode())) < 10 or any(len(word) > 30 for word in text.split()):
        faults.append(_TITLE_UNCLEAR)
    if len(_EMOJI_NAME.findall(text)) + sum(unicodedata.category(sign) == "So" for sign in text) > 1:
        faults.append("Title can't have more than 1 emoji")
    if taken and not faults:
        faults.append(TITLE_TAKEN)
    return faults


def body_faults(raw: str, *, shortest: int = SHORTEST_BODY, longest: int = LONGEST_BODY) -> list[str]:
    """Why a body is refused, in the forum's words."""
    faults = []
    text = raw.strip()
    if len(text) < shortest:
        faults.append(f"Body is too short (minimum is {shortest} characters)")
    if len(text) > longest:
        faults.append(f"Body is limited to {longest} characters; you entered {len(text)}.")
    if len(set(text)) < 7:
        faults.append(_BODY_UNCLEAR)
    return faults


def newcomer_faults(raw: str, *, links: int, mentions: int) -> list[str]:
    """Why the body of a newcomer (trust level 0) is refused."""
    faults = []
    if len(re.findall(r"https?://", raw)) > links:
        faults.append(f"Sorry, new users can only put {links} links in a post.")
    if len(set(re.findall(r"(?<!\w)@\w+", raw))) > mentions:
        faults.append(f"Sorry, new users can only mention {mentions} users in a post.")
    return faults


def external_id_faults(external_id: str, *, taken: bool) -> list[str]:
    """Why an external id is refused. The missing "id" is Discourse's own."""
    faults = []
    if len(external_id) > LONGEST_EXTERNAL_ID:
        faults.append(f"External is too long (maximum is {LONGEST_EXTERNAL_ID} characters)")
    if not re.fullmatch(r"[\w-]+", external_id):
        faults.append("External is invalid")
    if taken:
        faults.append(EXTERNAL_TAKEN)
    return faults


def slug_of(title: str) -> str:
    """The part of an address that a title gives."""
    plain = unicodedata.normalize("NFKD", title.replace("'", ""))
    ascii_only = "".join(sign for sign in plain if not unicodedata.combining(sign)).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    return slug if slug and not slug.isdecimal() else "topic"


def difference(old: str, new: str) -> int:
    """How many characters an edit takes away and adds, between what both texts begin and end with."""
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    return len(old) + len(new) - 2 * (start + end)


def makes_version(
    *, same_editor: bool, reason_changed: bool, last_version_at: datetime, now: datetime, changed: int, trusted: bool
) -> bool:
    """Whether an edit becomes a revision of its own; otherwise it disappears into the current version."""
    return (
        not same_editor
        or reason_changed
        or now - last_version_at > GRACE
        or changed > (GRACE_CHARACTERS if trusted else GRACE_CHARACTERS_OF_NEWCOMERS)
    )


def searchable(text: str) -> str:
    """What the search looks at: no comments, no difference between upper and lower case."""
    return re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL).casefold()
