"""Whom our key speaks for, how far it reaches, and what that account may do: each right tried where that harms nothing, else inferred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from integrations.discourse.capability import Capability, Fits
from integrations.discourse.looks import Looks, attempt, names_the_key
from integrations.discourse.wire import Account
from peerplugin.errors import OutsideError

Kind = Literal["none", "refused", "suspended", "another's", "narrow", "single", "global", "unclear"]
NOBODY = 2**31 - 1
"""A number that no topic and no post has: the last one that a forum can count to."""
NO_KEY = "There is no API key in the settings."
_API_PAGE = "Admin, API, New API Key"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of our key. `narrow`: a granular one, which may do a few things and not ask who it is."""

    kind: Kind
    account: Account | None = None
    listed: bool | None = None  # as staff, for everybody to see

    @property
    def is_let_in(self) -> bool:
        """Whether it is of any use."""
        return self.kind in ("narrow", "single", "global", "unclear")

    @property
    def is_staff(self) -> bool | None:
        """Whether its account is a moderator (or an admin); None where neither it nor the forum says so."""
        return self.listed if self.account is None else self.account.moderator or self.account.admin


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope that a granular key of 2026 needs, and a call that it lets in and that does nothing."""

    name: str
    what: str
    method: str
    path: str
    without: str


TAKEN_BACK = "what is taken back stays readable, or stands there empty"
OLD_TEXTS = "what a post said before it was corrected stays readable for everybody"
NO_MODERATOR = "it may neither delete a topic nor hide what it corrected, and publishes one topic in 15 seconds, twenty a day"
LOST = "a topic whose creation was not answered is not found again and waits for a person"
SCOPES = (
    Scope("topics: write", "create topics and posts", "POST", "/posts.json", "nothing can be published"),
    Scope("topics: read", "read topics", "GET", f"/t/{NOBODY}.json", "a topic is neither compared with what it should be nor corrected"),
    Scope("topics: read", "find a topic by external id", "GET", "/t/external_id/peerplugin-check.json", LOST),
    Scope("topics: update", "change titles and tags", "PUT", f"/t/-/{NOBODY}.json", "a corrected title does not reach the forum"),
    Scope("topics: delete", "delete topics", "DELETE", f"/t/{NOBODY}.json", TAKEN_BACK),
    Scope("posts: edit", "correct posts", "PUT", f"/posts/{NOBODY}.json", "a correction or an erasure does not reach the forum"),
    Scope("posts: delete", "delete posts", "DELETE", f"/posts/{NOBODY}.json", TAKEN_BACK),
    Scope(
        "posts: list",
        "read the latest posts",
        "GET",
        "/posts.json",
        "a topic that the forum's staff let out of its queue is not recognised",
    ),
    Scope(
        "topics: status",
        "pin a topic",
        "PUT",
        f"/t/{NOBODY}/status.json",
        "the topic that says when a group meets has to be pinned by hand",
    ),
    Scope("revisions: read", "read earlier texts", "GET", f"/posts/{NOBODY}/revisions/latest.json", OLD_TEXTS),
    Scope("revisions: modify", "hide earlier texts", "PUT", f"/posts/{NOBODY}/revisions/2/hide.json", OLD_TEXTS),
)
"""All that the service does with its key, scope by scope as the page for a new key names them. None of the calls finds anything to change."""
FOR_CHECK = (
    Scope("categories: show", "see what we may do in a category", "GET", "", "`check` cannot see whether we may create topics there"),
    Scope("tags: list", "see the tags", "GET", "", "`check` cannot see which tags the forum has"),
)  # fmt: skip
"""What only `check` asks for: worth having, not needed."""


def scopes() -> tuple[str, ...]:
    """What to tick for a granular key."""
    return tuple(dict.fromkeys(scope.name for scope in (*SCOPES, *FOR_CHECK)))


def which(looks: Looks, bare: Looks, username: str, listed: bool | None, *, has_key: bool) -> Key:
    """Whom the key speaks for. `bare` asks with the key and without a name: a key for all users is not let in then."""
    if not has_key:
        return Key("none", listed=listed)
    account = attempt(looks.session)
    if isinstance(account, Account):
        own = attempt(bare.session)
        kind: Kind = "single" if isinstance(own, Account) else "global" if own.kind == "rights" else "unclear"
        return Key("another's" if account.username.lower() != username.lower() else kind, account)
    if account.kind != "rights":
        raise account
    if not names_the_key(account):
        return Key("suspended")
    own = attempt(bare.session)
    if isinstance(own, Account):
        return Key("another's", own)
    tried = (looks.knock("GET", "/posts.json"), looks.knock("GET", f"/t/{NOBODY}.json"), looks.knock("POST", "/posts.json"))
    return Key("refused" if all(names_the_key(error) for error in tried) else "narrow", listed=listed)


# --- the key and its account ------------------------------------------------------------------------------------------


def key(found: Key, username: str, generation: Fits) -> Iterator[Capability]:
    """Whether the key is accepted, and for no more than is needed."""
    what, account = f"forum key of {username}", found.account
    nothing = "nothing can be published, corrected or taken back"
    new = f"{_API_PAGE}: {_recommended(username, generation)}"
    match found.kind:
        case "none":
            yield Capability(what, "no", NO_KEY, how="", without=nothing, mend=new)
        case "refused":
            note = "The forum does not accept the key: it is wrong or revoked, or there is no account of that name."
            yield Capability(what, "no", note, without=nothing, mend=new)
        case "suspended":
            note = "The forum knows the key, but its account is suspended or not active."
            yield Capability(what, "no", note, without=nothing, mend=f"Admin, Users, {username}: Unsuspend, or Activate.")
        case "another's":
            name = account.username if account else "somebody else"
            mend = f"Set discourse.username to {name}, or make a key for {username}."
            yield Capability(what, "no", f"The key speaks for {name}.", without=nothing, mend=mend, by="operator")
        case "narrow":
            yield Capability(
                what, "ok", "a key for a few scopes: they follow one by one", fits="2026" if generation == "2026" else generation
            )
        case "global":
            note = "A key for all users and everything: whoever steals it is every admin of the forum."
            yield Capability(what, "advice", note, mend=f"{new} Then revoke this one.")
        case "single":
            note = "speaks for this account alone" + (", and may do all that it may" if generation == "2026" else "")
            yield Capability(what, "ok", note)
        case "unclear":
            yield Capability(what, "ok", "accepted; whether it speaks for others as well is not known")
    if account is not None and found.is_let_in:
        yield _role(account)
        yield from _queue(account)
    elif found.kind == "narrow":
        yield _listed(username, found)


def _recommended(username: str, generation: Fits) -> str:
    if generation == "2026":
        names = ", ".join(scopes())
        return f"User Level: Single User ({username}); Scope: Granular; tick {names}."
    return f"User Level: Single User ({username}); Global Key (a granular one of this version cannot do all that is needed)."


def _role(account: Account) -> Capability:
    what = f"{account.username} is a moderator"
    if account.admin:
        note = "It is an admin: a moderator's rights suffice, and harm less when the key is lost."
        return Capability(what, "advice", note, mend=f"Admin, Users, {account.username}: Revoke Admin, then Grant Moderation.")
    if account.moderator:
        return Capability(what, "ok", "no admin, and free of the limits for members")
    return Capability(
        what,
        "no",
        f"The account is no moderator (trust level {account.trust_level}).",
        without=NO_MODERATOR,
        mend=f"Admin, Users, {account.username}: Grant Moderation.",
    )


def _listed(username: str, found: Key) -> Capability:
    """The same where the key may not ask who it is: the forum's page About names its staff."""
    what, mend = f"{username} is a moderator", f"Admin, Users, {username}: Grant Moderation."
    if found.listed:
        return Capability(what, "ok", "the forum's page About says so", how="inferred")
    note = "The forum's page About does not name it." if found.listed is False else "The key may not ask, and the forum does not tell."
    return Capability(what, "unknown" if found.listed is None else "no", note, how="inferred", without=NO_MODERATOR, mend=mend)


def _queue(account: Account) -> Iterator[Capability]:
    if account.pending_posts_count:
        yield Capability(
            "nothing of ours waits for approval",
            "advice",
            f"Posts of the account in the forum's own approval queue: {account.pending_posts_count}.",
            without="they stay unpublished until the forum's staff decides",
            mend="Review (in the forum's menu): approve or reject them. A moderator's posts do not wait there.",
        )


# --- what it may do ---------------------------------------------------------------------------------------------------


def rights(looks: Looks, found: Key, username: str, generation: Fits, *, proven: bool) -> Iterator[Capability]:
    """What the service does, right by right: tried with the key where it is narrow, else read where reading tells."""
    if found.kind == "narrow":
        yield from _scopes(looks, username, generation)
        return
    for scope in SCOPES:
        if scope.method == "GET" and str(NOBODY) not in scope.path:
            yield _let_in(scope.what, scope, looks.knock(scope.method, scope.path))
        elif scope.method != "GET" and scope.name != "topics: write":
            yield _by_role(scope, found, proven=proven)


def _scopes(looks: Looks, username: str, generation: Fits) -> Iterator[Capability]:
    missing: dict[str, None] = {}
    for scope in SCOPES:
        error = looks.knock(scope.method, scope.path)
        missing |= {scope.name: None} if names_the_key(error) else {}
        told = _let_in(f"{scope.what} (scope {scope.name})", scope, error)
        if "external_id" in scope.path:  # the same scope lets it through since 2025
            told = replace(told, fits="2022" if names_the_key(error) else "2026")
        yield told
    if missing:
        note = f"The key lacks {', '.join(missing)}; a key's scopes cannot be changed later."
        mend = f"{_API_PAGE}: {_recommended(username, generation)}"
        yield Capability("the key suffices", "no", note, mend=mend, without="what the lines above say fails")


def _let_in(what: str, scope: Scope, error: OutsideError | None) -> Capability:
    if names_the_key(error):
        return Capability(what, "no", "The key does not let this through.", without=scope.without)
    if error is not None and error.kind not in ("missing", "invalid", "conflict", "rights"):
        return Capability(what, "unknown", error.sentence, without=scope.without)
    return Capability(what, "ok")


def _by_role(scope: Scope, found: Key, *, proven: bool) -> Capability:
    if proven:
        return Capability(scope.what, "ok", "done on a throw-away topic")
    if found.is_staff:
        return Capability(scope.what, "ok", "as a moderator", how="inferred")
    if scope.name in ("topics: update", "posts: edit", "posts: delete"):
        return Capability(scope.what, "ok", "its own, for a time that the forum sets", how="inferred")
    assert found.account is not None
    mend = f"Admin, Users, {found.account.username}: Grant Moderation."
    return Capability(scope.what, "no", "Only moderators may.", how="inferred", without=scope.without, mend=mend)


def staff(looks: Looks, found: Key) -> Capability:
    """Whether we can see who may approve in the forum."""
    what = "see who is of the forum's staff"
    total = attempt(lambda: looks.members("staff"))
    if isinstance(total, int):
        return Capability(what, "ok", f"{total} members")
    note = "Not visible to us; nothing depends on it while moderators decide in Matrix."
    mend = f"{_API_PAGE}: tick groups: members." if found.kind == "narrow" else ""
    return Capability(what, "unknown", note, mend=mend, by="operator")
