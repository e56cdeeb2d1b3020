"""What Discourse says and what we say to it, as values: the fields we read, the bodies we send, the errors we understand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from peerplugin.core.effects import Document
from peerplugin.core.record import digest

PAGE = 20
"""Posts that one answer of `/t/{id}.json` holds, and the most that are asked for at once by id."""


def _name(tag: object) -> object:
    return tag.get("name") if isinstance(tag, dict) else tag


Tag = Annotated[str, BeforeValidator(_name)]
"""A tag's name; forums of 2026 send an object where older ones send the name."""


class Read(BaseModel):
    """Only the fields named are read; whatever else an answer holds is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Post(Read):
    """One post. `raw` is there where it was asked for."""

    id: int
    topic_id: int
    topic_slug: str = ""
    post_number: int = 1
    username: str = ""
    raw: str | None = None
    version: int = 1
    yours: bool = False
    deleted_at: str | None = None
    user_deleted: bool = False
    category_id: int | None = None

    @property
    def is_gone(self) -> bool:
        """Deleted by staff, or turned into "(post deleted by author)" by its author."""
        return self.deleted_at is not None or self.user_deleted


class Stream(Read):
    """The posts of one page, and the ids of all posts of the topic."""

    posts: tuple[Post, ...] = ()
    stream: tuple[int, ...] = ()


class Topic(Read):
    """One topic with its first page of posts."""

    id: int
    title: str
    slug: str = ""
    category_id: int | None = None
    tags: tuple[Tag, ...] = ()
    external_id: str | None = None
    deleted_at: str | None = None
    post_stream: Stream = Stream()


class PostPage(Read):
    """The answer of `/t/{id}/posts.json`."""

    post_stream: Stream


class LatestPosts(Read):
    """The answer of `/posts.json`."""

    latest_posts: tuple[Post, ...] = ()


class BasicTopic(Read):
    """What a change of title or tags answers."""

    slug: str = ""


class Retitled(Read):
    """The answer of `PUT /t/-/{id}.json`."""

    basic_topic: BasicTopic = BasicTopic()


class Edited(Read):
    """The answer of `PUT /posts/{id}.json`."""

    post: Post


class Created(Read):
    """The answer of a create with `nested_post`: the post, or that it waits for approval."""

    action: str = "create_post"
    post: Post | None = None


class Revisions(Read):
    """What `/posts/{id}/revisions/latest.json` says about the revisions that are left, and who made the latest."""

    first_revision: int
    last_revision: int
    username: str = ""


class Account(Read):
    """Whom the key speaks for."""

    id: int
    username: str
    trust_level: int = 0
    admin: bool = False
    moderator: bool = False
    pending_posts_count: int = 0


class Session(Read):
    """The answer of `/session/current.json`."""

    current_user: Account


class Category(Read):
    """A category as our account sees it. `permission`: 1 create, 2 answer, 3 read; nothing where the forum does not say."""

    id: int
    name: str
    slug: str = ""
    read_restricted: bool = False
    permission: int | None = None


class CategoryAnswer(Read):
    """The answer of `/c/{id}/show.json`."""

    category: Category


class FoundPost(Read):
    """A post that a search found."""

    topic_id: int
    post_number: int = 1


class FoundTopic(Read):
    """A topic that a search found."""

    id: int
    title: str
    slug: str = ""


class Grouped(Read):
    """Beside the hits: `error` where the search limit is used up (with status 200)."""

    error: str | None = None


class Found(Read):
    """The answer of `/search.json`."""

    posts: tuple[FoundPost, ...] = ()
    topics: tuple[FoundTopic, ...] = ()
    grouped_search_result: Grouped | None = None


class Extras(Read):
    """What an error adds."""

    wait_seconds: float | None = None


class Refusal(Read):
    """An error body of any of the three shapes; `understood` is false where it was none of them."""

    errors: tuple[str, ...] = ()
    error_type: str = ""
    extras: Extras = Extras()
    understood: bool = True


def refusal(body: object) -> Refusal:
    """Read an error body: `{errors, error_type}`, `{status, error}`, or a plain list of strings."""
    if isinstance(body, list) and all(isinstance(item, str) for item in body):
        return Refusal(errors=tuple(body))
    if not isinstance(body, Mapping):
        return Refusal(understood=False)
    raw = body.get("errors")
    errors = tuple(item for item in raw if isinstance(item, str)) if isinstance(raw, list) else ()
    if not errors and isinstance(body.get("error"), str):
        errors = (str(body["error"]),)
    extras = body.get("extras")
    wait = extras.get("wait_seconds") if isinstance(extras, Mapping) else None
    known = bool(errors) or "error_type" in body
    seconds = float(wait) if isinstance(wait, int | float) else None
    return Refusal(errors=errors, error_type=str(body.get("error_type") or ""), extras=Extras(wait_seconds=seconds), understood=known)


# --- what a 422 was about ---------------------------------------------------------------------------------------------

TITLE_TAKEN = "Title has already been used"
EXTERNAL_TAKEN = "External has already been taken"
_HARMLESS = re.compile(
    r"(Title|Body|External|Category|The tag you|None of the tags|There was an error|Something has gone wrong)\b[^'\"“”‘:*]*$"
)


def harmless(errors: Iterable[str]) -> tuple[str, ...]:
    """The forum's own sentences that cannot quote a post; the others may (a watched word) and are not repeated."""
    return tuple(error for error in errors if _HARMLESS.match(error))


# --- what the forum makes of what we send -----------------------------------------------------------------------------

_WIDE_SPACES = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_TAG_DROPPED = re.compile(r"[/?+#\[\]@!$&'()*,;=%\\`^\"|{}<>:~]")
MOST_TAGS = 5
LONGEST_TAG = 20


def raw_as_kept(raw: str) -> str:
    """A post's text as Discourse keeps it: no NUL, plain spaces, nothing after the last word."""
    return _WIDE_SPACES.sub(" ", raw.replace("\0", "")).rstrip()


def title_as_kept(title: str) -> str:
    """A title as Discourse keeps it where its `title_prettify` is on (it is by default)."""
    text = re.sub(r"\?+", "?", re.sub(r"!+", "!", title))
    if text == text.upper():
        text = text.lower()
    first, _, rest = text.strip().partition(" ")
    if first and first == first.lower():
        text = first.capitalize() + (f" {rest}" if rest else "")
    text = re.sub(r"([^.])\.+(\s*)\Z", r"\1\2", text)
    text = re.sub(r"\s+([!?]\s*)\Z", r"\1", text)
    text = re.sub(r" +", " ", text)
    return _WIDE_SPACES.sub(" ", text).strip().replace("\u200b", "")


def tag_as_kept(tag: str) -> str:
    """A tag as Discourse keeps it: lower case, hyphens, at most twenty characters."""
    return re.sub(r"-+", "-", re.sub(r"\s+", "-", _TAG_DROPPED.sub("", tag.strip().lower())))[:LONGEST_TAG]


def tags_as_kept(tags: Iterable[str]) -> tuple[str, ...]:
    """The first five tags as Discourse keeps them; their order comes back different, so compare as sets."""
    kept = dict.fromkeys(tag for tag in map(tag_as_kept, tags) if tag)
    return tuple(kept)[:MOST_TAGS]


def same_title(stands: str, wanted: str) -> bool:
    """Whether a title in the forum is the one we want, as sent or as the forum rewrites it."""
    return stands in (wanted, wanted.strip(), title_as_kept(wanted))


def titles(document: Document) -> tuple[str, ...]:
    """The titles to try, in order, since another topic of the site may have the plain one: with the meeting's date, then with our number."""
    _, *rest = document.document.split("/") if "/" in document.document else ("", document.document)
    return (document.title, f"{document.title} ({rest[0]})", f"{document.title} ({', '.join(rest) or document.document})")


def kept(title: str, raw: str) -> str:
    """What a publication remembers of how the forum held it: a digest of the title and one of the text."""
    return f"{digest([title])}-{digest([raw])}"


def is_untouched(document: Document, before: str, title: str, raw: str) -> bool:
    """Whether title and text are what we left there (`before`, from `kept`) or, each for itself, what we want there: then no person wrote them."""
    title_then, _, raw_then = before.partition("-")
    title_now, _, raw_now = kept(title, raw).partition("-")
    ours = title_now == title_then or any(same_title(title, wanted) for wanted in titles(document))
    return ours and (raw_now == raw_then or raw == raw_as_kept(document.raw))


def is_ours(post: Post) -> bool:
    """Whether our account wrote a post, and not as another document: those end with their mark, a comment. A person may have taken that away."""
    return post.yours and not (post.raw or "").endswith("-->")


def topic_url(base_url: str, slug: str, topic_id: int) -> str:
    """Where people read a topic; any slug leads there."""
    return f"{base_url}/t/{slug or '-'}/{topic_id}"


# --- what we send -----------------------------------------------------------------------------------------------------


def new_topic(document: Document, *, title: str, external_id: str) -> dict[str, object]:
    """The body that creates a topic. The same body within two minutes gives the same topic (the forum remembers)."""
    return {
        "title": title,
        "raw": document.raw,
        "category": document.category,
        "tags": list(document.tags),
        "external_id": external_id,
        "nested_post": True,
    }


def new_post(topic_id: int, raw: str) -> dict[str, object]:
    """The body that creates a post in a topic."""
    return {"topic_id": topic_id, "raw": raw, "nested_post": True}


def changed_post(raw: str, raw_old: str) -> dict[str, object]:
    """The body that replaces a post's text, if nobody changed it since we read it.

    Without an edit reason: within five minutes the old text then leaves no revision behind.
    """
    return {"post": {"raw": raw, "raw_old": raw_old}}
