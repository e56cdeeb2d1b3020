"""What `check` reads of a forum: the site, its settings, categories, tags and groups, as our account or as everybody sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from pydantic import Field, model_validator

from integrations.discourse.client import Answer, Discourse, Request
from integrations.discourse.wire import Account, Found, Read, Session, Tag
from peerplugin.errors import OutsideError

T = TypeVar("T")


class Seen(Read):
    """What a forum shows to some and not to others: a field that is null is as good as one that is not there."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: object) -> object:
        return {name: value for name, value in found.items() if value is not None} if isinstance(found, dict) else found


class BasicInfo(Seen):
    """The answer of `/site/basic-info.json`, which even a closed forum gives. Its addresses show how the forum calls itself."""

    title: str
    login_required: bool | None = None
    logo_url: str | None = None


class About(Seen):
    """What `/about.json` says of the forum."""

    version: str = ""
    locale: str = ""
    https: bool | None = None
    moderators: tuple[object, ...] = ()
    admins: tuple[object, ...] = ()

    def names_as_staff(self, username: str) -> bool | None:
        """Whether an account is among the moderators and admins; None where the forum does not list any by name."""
        names = {
            str(person["username"]).lower()
            for person in (*self.moderators, *self.admins)
            if isinstance(person, dict) and "username" in person
        }
        return username.lower() in names if names else None


class _AboutAnswer(Read):
    about: About


class SiteSettings(Seen):
    """Those of the settings that a forum sends to every browser; one that it does not have is None."""

    default_locale: str | None = None
    login_required: bool | None = None
    edit_history_visible_to_public: bool | None = None
    disable_digest_emails: bool | None = None
    disable_mailing_list_mode: bool | None = None
    tagging_enabled: bool | None = None
    max_tag_length: int | None = None
    min_trust_level_to_tag_topics: object = Field(None, description="forums until 2023")
    discourse_local_dates_enabled: bool | None = None
    calendar_enabled: bool | None = None
    discourse_post_event_enabled: bool | None = None
    discourse_ai_enabled: bool | None = Field(None, description="forums since 2025 bring the plugin along")
    ai_summarization_enabled: bool | None = None
    ai_summary_gists_enabled: bool | None = None
    ai_ask_ai_enabled: bool | None = None
    ai_discover_enabled: bool | None = None
    ai_translation_enabled: bool | None = None


class Category(Seen):
    """A category with what it asks of topics. `permission`: 1 create, 2 answer, 3 read; nothing where the forum does not say."""

    id: int
    name: str
    read_restricted: bool = False
    permission: int | None = None
    parent_category_id: int | None = None
    mailinglist_mirror: bool = False
    allowed_tags: tuple[Tag, ...] = ()
    allowed_tag_groups: tuple[Tag, ...] = ()
    allow_global_tags: bool = False
    custom_fields: dict[str, object] = Field({}, description="forums of 2022")
    category_setting: dict[str, object] | None = Field(None, description="forums of 2026")

    @property
    def needs_approval(self) -> bool | None:
        """Whether its topics wait for the staff; None where the forum does not say."""
        said = (self.category_setting or {}).get("require_topic_approval", self.custom_fields.get("require_topic_approval"))
        return None if said is None else str(said).lower() in ("true", "t", "1")


class _CategoryAnswer(Read):
    category: Category


class Site(Seen):
    """What `/site.json` says of our account's rights."""

    can_create_tag: bool | None = None
    can_tag_topics: bool | None = None


class ForumTag(Seen):
    """A tag in the list of tags; forums until 2024 have its name in `id`."""

    id: int | str
    name: str | None = None
    text: str | None = None

    @property
    def tag(self) -> str:
        """How it is spelt."""
        return self.name or self.text or str(self.id)


class _GroupOfTags(Read):
    name: str
    tags: tuple[ForumTag, ...] = ()


class _TagExtras(Read):
    tag_groups: tuple[_GroupOfTags, ...] = ()


class Tags(Seen):
    """The answer of `/tags.json`; where the forum lists tags by group, they stand in `extras` alone."""

    tags: tuple[ForumTag, ...] = ()
    extras: _TagExtras = _TagExtras()

    @property
    def all(self) -> tuple[ForumTag, ...]:
        """All of them."""
        return self.tags + tuple(tag for group in self.extras.tag_groups for tag in group.tags)


class TagGroup(Seen):
    """A group of tags."""

    name: str
    tag_names: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()


class _TagGroups(Read):
    tag_groups: tuple[TagGroup, ...] = ()


class _Total(Read):
    total: int


class _Members(Read):
    meta: _Total


class Looks:
    """Reads, each one call; `anonymous` reads as everybody does."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse
        self.base_url = discourse.base_url

    def greeting(self) -> Answer:
        """What the address itself answers: a forum's basic facts, or where it sends us instead."""
        return self._discourse.get("/site/basic-info.json", anonymous=True, may_redirect=True)

    def about(self, *, anonymous: bool) -> About:
        """The forum's version and language."""
        path = "/about.json"
        return self._discourse.get(path, anonymous=anonymous).read(_AboutAnswer, what=path).about

    def settings(self, *, anonymous: bool) -> SiteSettings:
        """The settings that every browser gets."""
        path = "/site/settings.json"
        return self._discourse.get(path, anonymous=anonymous).read(SiteSettings, what=path)

    def site(self) -> Site:
        """What our account may do anywhere."""
        return self._discourse.get("/site.json").read(Site, what="/site.json")

    def session(self) -> Account:
        """Whom the key speaks for."""
        path = "/session/current.json"
        return self._discourse.get(path).read(Session, what=path).current_user

    def category(self, number: int, *, anonymous: bool) -> Category:
        """A category."""
        path = f"/c/{number}/show.json"
        return self._discourse.get(path, anonymous=anonymous).read(_CategoryAnswer, what=path).category

    def tags(self, *, anonymous: bool) -> Tags:
        """All tags that show."""
        return self._discourse.get("/tags.json", anonymous=anonymous).read(Tags, what="/tags.json")

    def tag_groups(self) -> tuple[TagGroup, ...]:
        """All groups of tags, which only the staff may see."""
        return self._discourse.get("/tag_groups.json").read(_TagGroups, what="/tag_groups.json").tag_groups

    def members(self, group: str) -> int:
        """How many members a group has."""
        path = f"/groups/{quote(group)}/members.json"
        return self._discourse.get(path).read(_Members, what=path).meta.total

    def search(self, *, anonymous: bool) -> Found:
        """A search, whatever it finds."""
        return self._discourse.get("/search.json", {"q": "peerplugin"}, anonymous=anonymous).read(Found, what="/search.json")

    def knock(self, method: str, path: str) -> OutsideError | None:
        """A call that finds or changes nothing wherever it is let in (a number that no topic has, a text that is empty); why it was not done."""
        return failure(attempt(lambda: self._discourse.call(Request(method, path, body={} if method in ("POST", "PUT") else None))))


def attempt(call: Callable[[], T]) -> T | OutsideError:
    """What a call answers, or why it does not."""
    try:
        return call()
    except OutsideError as error:
        return error


def failure(answer: object) -> OutsideError | None:
    """The error, if it is one."""
    return answer if isinstance(answer, OutsideError) else None


def as_anybody(read: Callable[[bool], T], *, has_key: bool) -> T | OutsideError:
    """What everybody may read; asked with our key where everybody may not."""
    answer = attempt(lambda: read(True))
    if isinstance(answer, OutsideError) and answer.kind in ("rights", "missing") and has_key:
        return attempt(lambda: read(False))
    return answer


def names_the_key(error: OutsideError | None) -> bool:
    """Whether the forum does not let the key make this call at all, whoever it speaks for."""
    return error is not None and error.kind == "rights" and "does not accept the key" in error.sentence
