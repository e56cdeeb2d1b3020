"""What a search looks for: words, and the filters in Discourse's syntax. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.discourse.sandbox import rules
from integrations.discourse.sandbox.rows import Category, Post, Topic

_PART = re.compile(r'"[^"]*"|\S+')
_IGNORED = ("in", "status", "with", "min_posts", "max_posts", "badge", "group", "posts_count")


@dataclass(frozen=True)
class Query:
    """A search, understood. An empty one finds nothing."""

    words: tuple[str, ...] = ()
    category: str = ""
    hash_name: str = ""
    any_tags: frozenset[str] = frozenset()
    all_tags: frozenset[str] = frozenset()
    author: str = ""
    after: str = ""
    before: str = ""
    in_title: bool = False
    status: str = ""
    latest_first: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing to look for."""
        return not (
            self.words or self.category or self.hash_name or self.any_tags or self.all_tags or self.author or self.after or self.before
        )

    def wants(self, topic: Topic, post: Post, author: str, family: list[Category]) -> bool:
        """Whether a post, whose words fit already, passes the filters; `family` is its category and the one above it."""
        tags = set(topic.tag_names)
        slugs = (
            {category.slug for category in family}
            | {str(category.id) for category in family}
            | {category.name.casefold() for category in family}
        )
        paths = {":".join(category.slug for category in reversed(family))} | slugs
        return (
            (not self.category or self.category in slugs or self.category == f"={family[0].slug}")
            and (not self.hash_name or self.hash_name in paths or self.hash_name in tags)
            and (not self.any_tags or bool(self.any_tags & tags))
            and self.all_tags <= tags
            and (not self.author or self.author == author.casefold())
            and (not self.after or post.created_at[:10] >= self.after)
            and (not self.before or post.created_at[:10] < self.before)
            and (not self.in_title or all(word in topic.title.casefold() for word in self.words))
            and (
                not self.status
                or {"open": not topic.closed, "closed": bool(topic.closed), "archived": bool(topic.archived)}.get(self.status, True)
            )
        )


def understood(query: str) -> Query:
    """A query's words and filters; filters that are not known here are let pass."""
    words: list[str] = []
    found: dict[str, object] = {}
    for part in _PART.findall(query):
        name, colon, value = part.partition(":")
        if colon and name in ("category", "categories"):
            found["category"] = value.casefold()
        elif colon and name in ("tag", "tags"):
            found |= _tags(value.casefold())
        elif colon and name in ("after", "before"):
            found[name] = value
        elif colon and name == "order":
            found["latest_first"] = value in ("latest", "latest_topic")
        elif part == "in:title":
            found["in_title"] = True
        elif colon and name == "status":
            found["status"] = value
        elif part.startswith("#") and len(part) > 1:
            found["hash_name"] = part[1:].casefold()
        elif part.startswith("@") and len(part) > 1:
            found["author"] = part[1:].casefold()
        elif not (colon and name in _IGNORED):
            words.append(rules.searchable(part).strip("\"'"))
    return Query(words=tuple(word for word in words if word), **found)  # type: ignore[arg-type]


def _tags(value: str) -> dict[str, object]:
    """With commas any of them, with plus signs all of them."""
    if "+" in value:
        return {"all_tags": frozenset(value.split("+"))}
    return {"any_tags": frozenset(value.split(","))}
