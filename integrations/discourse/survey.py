"""All that `check` asks of a forum, in the order in which a person would mend it: the address, the key, the rights, the places, the policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from integrations.discourse import address, policies, rights
from integrations.discourse.capability import Capability, Fits, Verdict
from integrations.discourse.client import Discourse
from integrations.discourse.looks import Looks
from integrations.discourse.places import Place, Places
from integrations.discourse.rights import Key
from peerplugin.errors import OutsideError


@dataclass(frozen=True, slots=True)
class Survey:
    """What a forum lets us do: what has to do with our account and its key, then all the rest. And for a letter to its admin: what it is called."""

    ours: tuple[Capability, ...]
    others: tuple[Capability, ...] = ()
    key: Key | None = None  # None: it could not be asked
    generation: Fits = ""
    title: str = ""
    names: dict[int, str] = field(default_factory=dict)
    plugins: frozenset[str] | None = None  # of "events" and "local-dates" those that are on; None: it does not show

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """All of them."""
        return self.ours + self.others

    @property
    def needs_the_admin(self) -> bool:
        """Whether the account cannot do its work before an admin has acted."""
        return any(c.verdict == "no" and c.by == "admin" for c in self.capabilities)

    def wishes(self, verdict: Verdict) -> tuple[str, ...]:
        """What an admin is to click beside the account and its key."""
        return tuple(dict.fromkeys(c.mend for c in self.others if c.verdict == verdict and c.by == "admin" and c.mend))


def survey(
    discourse: Discourse,
    bare: Discourse,
    username: str,
    places: Sequence[Place],
    clock: Callable[[], datetime],
    *,
    has_key: bool,
    proven: bool,
) -> Survey:
    """Ask. Nothing is changed. `bare` has the same key and names no user; `proven`: that an erasure works was shown on a topic."""
    forum, found = address.look(discourse, clock, has_key=has_key)
    if forum is None:
        return Survey(tuple(found))
    looks = Looks(discourse)
    try:
        key = rights.which(looks, Looks(bare), username, forum.about.names_as_staff(username), has_key=has_key)
    except OutsideError as error:
        found.append(Capability(f"forum key of {username}", "unknown", error.sentence))
        return Survey(tuple(found), (), None, forum.generation, forum.title)
    found += rights.key(key, username, forum.generation)
    if key.is_let_in:
        found += [*rights.rights(looks, key, username, forum.generation, proven=proven), rights.staff(looks, key)]
    named = Places(looks, key, forum)
    others = [capability for place in places for capability in named.capabilities(place)]
    others += [policies.search(looks), *policies.policies(forum, key)]
    return Survey(tuple(found), tuple(others), key, forum.generation, forum.title, named.names, policies.plugins(forum))
