"""How often somebody may do something (429): for all keys together, for each member, for searches and for an address. By the sandbox's clock."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from integrations.discourse.sandbox.answers import RefusedError
from integrations.discourse.sandbox.database import User
from integrations.discourse.sandbox.settings import SiteSettings

MINUTE_S, DAY_S = 60, 86_400
KEYS_PER_MINUTE = 60
SEARCHES_PER_MINUTE, ANONYMOUS_SEARCHES_PER_MINUTE = 30, 15
REQUESTS_PER_ADDRESS, ADDRESS_WINDOW_S = 50, 10
DELETIONS_PER_MINUTE = 2
PERMANENT_DELETIONS_PER_MINUTE = 20
_EDITS = {0: 1.0, 1: 1.0, 2: 1.5, 3: 2.0, 4: 3.0}
"""How many times `max_edits_per_day` a member of each trust level has."""

TOO_MANY = "You’ve performed this action too many times. Please wait {wait} before trying again."
_TOPIC_TOO_SOON = "You’re creating topics a bit too quickly. Please wait {wait} before trying again."
_POST_TOO_SOON = "You’re replying a bit too quickly. Please wait {wait} before trying again."
_TOPICS_A_DAY = "You’ve reached the maximum new topics allowed per day. You can create more new topics in {wait}."
_EDITS_A_DAY = "You’ve reached the maximum number of daily edits. You can submit more edits in {wait}."
SEARCH_LIMIT = "You’ve performed this action too many times, please try again later."


class AddressLimitError(Exception):
    """Too many calls from one address: told in plain text, before anything else is looked at."""

    text = "Slow down, too many requests from this IP address.\nPlease retry again in 10 seconds.\nError code: ip_10_secs_limit.\n"


class Limits:
    """The limits of the forum, each off until somebody switches it on: a test that is about something else is not slowed.

    keys_per_minute    calls with a key, of all keys together; Discourse allows 60
    members            15 s between topics, 5 s between replies, 20 topics and 30 edits a day, 2 deletions a minute; staff is free of them
    searches           30 a minute for a member, 15 for everybody without a key
    per_address        50 calls without a key in 10 s
    """

    def __init__(self, clock: Callable[[], datetime], settings: SiteSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._done: dict[str, list[float]] = defaultdict(list)
        self.keys_per_minute: int | None = None
        self.members = False
        self.searches = False
        self.per_address = False

    def count_key(self) -> None:
        """One more call with a key."""
        if self.keys_per_minute is not None:
            code = {"Discourse-Rate-Limit-Error-Code": "admin_api_key_rate_limit"}
            self._count("keys", self.keys_per_minute, MINUTE_S, TOO_MANY, code, before_known=True)

    def count_address(self, address: str) -> None:
        """One more call without a key."""
        if self.per_address and not self._try(f"address {address}", REQUESTS_PER_ADDRESS, ADDRESS_WINDOW_S):
            raise AddressLimitError

    def count_topic(self, user: User) -> None:
        """One more topic of a member."""
        if self._binds(user):
            self._count(f"topics {user.id}", 1, self._settings.get("rate_limit_create_topic", int), _TOPIC_TOO_SOON)
            self._count(f"topics a day {user.id}", self._settings.get("max_topics_per_day", int), DAY_S, _TOPICS_A_DAY)

    def count_reply(self, user: User) -> None:
        """One more reply of a member."""
        if self._binds(user):
            self._count(f"posts {user.id}", 1, self._settings.get("rate_limit_create_post", int), _POST_TOO_SOON)

    def count_version(self, user: User) -> None:
        """One more edit of a member that makes a version; the others are not counted."""
        if self._binds(user):
            most = int(self._settings.get("max_edits_per_day", int) * _EDITS[user.trust_level])
            self._count(f"edits {user.id}", most, DAY_S, _EDITS_A_DAY)

    def count_deletion(self, user: User) -> None:
        """One more post that a member deleted; trust level 4 moderates and is not bound."""
        if self._binds(user) and user.trust_level < 4:
            self._count(f"deletions {user.id}", DELETIONS_PER_MINUTE, MINUTE_S, TOO_MANY)

    def count_permanent_deletion(self, user: User) -> None:
        """One more history that an admin destroyed."""
        if self.members:
            self._count(f"permanent {user.id}", PERMANENT_DELETIONS_PER_MINUTE, MINUTE_S, TOO_MANY)

    def allows_search(self, viewer: User | None) -> bool:
        """One more search; False where it is one too many. There is no 429 for it."""
        if not self.searches or (viewer is not None and viewer.staff):
            return True
        if viewer is None:
            return self._try("searches", ANONYMOUS_SEARCHES_PER_MINUTE, MINUTE_S)
        return self._try(f"searches {viewer.id}", SEARCHES_PER_MINUTE, MINUTE_S)

    def _binds(self, user: User) -> bool:
        return self.members and not user.staff

    def _try(self, name: str, most: int, within_s: int) -> bool:
        now = self._clock().timestamp()
        self._done[name] = [at for at in self._done[name] if now - at < within_s]
        if len(self._done[name]) >= most:
            return False
        self._done[name].append(now)
        return True

    def _count(
        self, name: str, most: int, within_s: int, says: str, headers: dict[str, str] | None = None, *, before_known: bool = False
    ) -> None:
        if not self._try(name, most, within_s):
            wait_s = max(1, math.ceil(self._done[name][0] + within_s - self._clock().timestamp()))
            body = {"errors": [says.format(wait=_spoken(wait_s))], "error_type": "rate_limit", "extras": {"wait_seconds": wait_s}}
            raise RefusedError(429, body, headers={"Retry-After": str(wait_s)} | (headers or {}), before_known=before_known)


def _spoken(seconds: int) -> str:
    for length, noun in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= length:
            number = seconds // length
            return f"{number} {noun}{'' if number == 1 else 's'}"
    return "1 second"
