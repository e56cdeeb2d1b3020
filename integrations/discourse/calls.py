"""The calls we make, one method each, with typed answers: what `forum` decides, this asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

from integrations.discourse import wire
from integrations.discourse.client import Discourse
from peerplugin.errors import OutsideError

RECENT_WINDOWS = 6
"""How far back an approved post is looked for: windows of fifty post ids each."""
_WINDOW = 50
_TOPIC_IN_PATH = re.compile(r"/t/(?:[^/]+/)?(\d+)(?:\.json)?(?:[?#]|$)")


class Calls:
    """Topics, posts, categories and search of one forum."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse

    def topic(self, topic_id: int) -> wire.Topic:
        """One topic with its first twenty posts and their texts."""
        path = f"/t/{topic_id}.json"
        return self._discourse.get(path, {"include_raw": "true"}).read(wire.Topic, what=path)

    def readable_topic(self, topic_id: int) -> wire.Topic | None:
        """The topic, or None where it is deleted (which only staff may see)."""
        try:
            topic = self.topic(topic_id)
        except OutsideError as error:
            if error.kind == "missing":
                return None
            raise
        return None if topic.deleted_at is not None else topic

    def by_external_id(self, external_id: str) -> int | None:
        """The number of the topic that has this external id; None where none shows (a deleted one does not)."""
        path = f"/t/external_id/{quote(external_id)}.json"
        try:
            answer = self._discourse.get(path, may_redirect=True)
        except OutsideError as error:
            if error.kind == "missing":
                return None
            raise
        match = _TOPIC_IN_PATH.search(answer.location)
        # A forum that answers with the topic itself is understood as well.
        return int(match.group(1)) if match else answer.read(wire.Topic, what=path).id

    def all_posts(self, topic_id: int) -> Iterator[wire.Post]:
        """All posts of a topic, twenty at a time."""
        stream = self.topic(topic_id).post_stream
        yield from stream.posts
        seen = {post.id for post in stream.posts}
        rest = [post_id for post_id in stream.stream if post_id not in seen]
        path = f"/t/{topic_id}/posts.json"
        for start in range(0, len(rest), wire.PAGE):
            params: dict[str, str | list[int]] = {"post_ids[]": rest[start : start + wire.PAGE], "include_raw": "true"}
            yield from self._discourse.get(path, params).read(wire.PostPage, what=path).post_stream.posts

    def create(self, body: dict[str, object]) -> wire.Post | None:
        """The new post, or None where it waits in the approval queue (older forums say so with a bare `null`)."""
        what = "POST /posts.json"
        answer = self._discourse.post("/posts.json", body)
        if answer.is_empty:
            raise OutsideError(f"The answer to {what} was empty.", kind="cut")
        if answer.body is None:
            return None
        created = answer.read(wire.Created, what=what)
        if created.action == "enqueued":
            return None
        return created.post or answer.read(wire.Post, what=what)

    def post(self, post_id: int, topic_id: int = 0) -> wire.Post:
        """One post with its text. No scope of a granular key covers that: it reads the post through its topic."""
        path = f"/posts/{post_id}.json"
        try:
            return self._discourse.get(path).read(wire.Post, what=path)
        except OutsideError as error:
            if error.kind != "rights" or not topic_id:
                raise
        path = f"/t/{topic_id}/posts.json"
        found = self._discourse.get(path, {"post_ids[]": [post_id], "include_raw": "true"}).read(wire.PostPage, what=path)
        for post in found.post_stream.posts:
            if post.id == post_id:
                return post
        raise OutsideError(
            f"The forum has no post {post_id} in topic {topic_id}, or our account may not see it; look there.",
            kind="missing",
            permanent=True,
        )

    def with_raw(self, topic: wire.Topic) -> wire.Post:
        """A topic's first post, with its text."""
        first = next((post for post in topic.post_stream.posts if post.post_number == 1), None)
        if first is None:
            raise OutsideError(f"Topic {topic.id} has no first post that our account may see.", kind="rights", permanent=True)
        return first if first.raw is not None else self.post(first.id, topic.id)

    def edit(self, post: wire.Post, raw: str) -> wire.Post:
        """Replace a post's text, if it is still the one we read."""
        path = f"/posts/{post.id}.json"
        return self._discourse.put(path, wire.changed_post(raw, post.raw or "")).read(wire.Edited, what=f"PUT {path}").post

    def recent(self) -> Iterator[wire.Post]:
        """The newest posts of the forum. `before` counts ids, and a window may be empty although older posts exist."""
        before: int | None = None
        for _ in range(RECENT_WINDOWS):
            params = None if before is None else {"before": before}
            posts = self._discourse.get("/posts.json", params).read(wire.LatestPosts, what="/posts.json").latest_posts
            yield from posts
            newest = max((post.id for post in posts), default=0) if before is None else before
            before = newest - _WINDOW
            if before <= 0:
                return

    def retitle(self, topic_id: int, changes: dict[str, object]) -> None:
        """Change a topic's title or tags (the slug in the path may be anything but must be there)."""
        self._discourse.put(f"/t/-/{topic_id}.json", changes)

    def set_status(self, topic_id: int, status: Literal["pinned", "closed", "visible"], *, enabled: bool) -> None:
        """Pin, close or list a topic, or the opposite. The forum wants the word: a JSON true answers 200 and does the reverse."""
        self._discourse.put(f"/t/{topic_id}/status.json", {"status": status, "enabled": "true" if enabled else "false"})

    def delete_topic(self, topic_id: int) -> None:
        """Delete a topic, its first post with it."""
        self._discourse.delete(f"/t/{topic_id}.json")

    def delete_post(self, post_id: int) -> None:
        """Delete a post that is not a topic's first."""
        self._discourse.delete(f"/posts/{post_id}.json")

    def whoami(self) -> wire.Account:
        """The account that the key speaks for."""
        path = "/session/current.json"
        return self._discourse.get(path).read(wire.Session, what=path).current_user

    def category(self, id_or_slug: int | str) -> wire.Category:
        """A category by its number, its slug, or `parent-slug/slug`, as our account sees it."""
        if isinstance(id_or_slug, int) or id_or_slug.isdecimal():
            path = f"/c/{id_or_slug}/show.json"
        else:
            path = f"/c/{quote(id_or_slug)}/find_by_slug.json"
        return self._discourse.get(path).read(wire.CategoryAnswer, what=path).category

    def search(self, term: str, *, anonymous: bool) -> tuple[wire.FoundTopic, ...]:
        """The topics that the forum's search finds. Over its limit the forum answers 200, with the error inside."""
        path = "/search.json"
        found = self._discourse.get(path, {"q": term}, anonymous=anonymous).read(wire.Found, what=path)
        if found.grouped_search_result and found.grouped_search_result.error:
            raise OutsideError("The forum's search limit is used up for this minute.", kind="rate_limited", retry_after_s=60.0)
        return found.topics
