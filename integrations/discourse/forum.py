"""Keeps documents true in a Discourse forum: looked up before they are created, read before they are edited, nothing twice.

Every verb may be repeated after any failure: what was done already is found, and only what is missing is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from integrations.discourse import wire
from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse, UnacceptableError
from integrations.discourse.history import History
from peerplugin.core.effects import Document, Publication
from peerplugin.errors import OutsideError

T = TypeVar("T")
_SPARE_IDS = 9


@dataclass(frozen=True, slots=True)
class Hit:
    """A topic that the forum's search found."""

    topic_id: int
    title: str
    url: str


class DiscourseForum:
    """The `Forum` port over one Discourse."""

    def __init__(self, discourse: Discourse, *, withdrawn_text: str, withdrawn_title: str = "Withdrawn topic") -> None:
        self._base_url = discourse.base_url
        self._calls = Calls(discourse)
        self._history = History(discourse)
        self._withdrawn_text = withdrawn_text  # twenty characters at least, or the forum refuses it
        self._withdrawn_title = withdrawn_title  # the topic's number is appended: titles must differ

    # --- the port -------------------------------------------------------------------------------------------------

    def put(self, document: Document, known: Publication | None) -> Publication:
        """Make the forum hold `document` exactly as it is given."""
        if document.kind == "topic":
            return self._put_topic(document, known)
        return self._put_post(document, known)

    def find(self, document: Document) -> Publication | None:
        """Where a document stands of which nobody knows whether it was ever created."""
        if document.kind == "post":
            topic = document.within
            within = self._calls.readable_topic(topic.topic_id) if topic is not None and not topic.enqueued else None
            post = self._by_mark(within.id, document.mark) if within is not None else None
        else:
            found = next((t for t in map(self._calls.by_external_id, _ids(document.external_id)) if t is not None), None)
            post = self._calls.with_raw(self._calls.topic(found)) if found is not None else None
        if post is None:
            return None
        return Publication(document.document, post.topic_id, post.id, self._url("-", post.topic_id), post.version, "")

    def withdraw(self, publication: Publication) -> None:
        """Replace the text by a neutral one, hide what it was, and delete it; its being gone already is no error."""
        post = self._published(publication)
        if post is None:
            return
        kept = post if post.user_deleted else self._blanked(post)
        if post.post_number == 1 and not post.is_gone:
            self._blank_title(post.topic_id)
        unhidden = self._history.try_to_hide(post.id)
        if not post.is_gone:
            self._delete(post)
        if unhidden is not None and self._history.is_history_public(post.id):
            raise unhidden
        if kept is None:
            sentence = f"Post {post.id} is deleted, but the forum kept its text for the staff: it does not accept the text for withdrawn posts in our settings."
            raise OutsideError(sentence, kind="invalid", permanent=True)

    # --- what `check` asks ----------------------------------------------------------------------------------------

    def whoami(self) -> wire.Account:
        """The account that the key speaks for (a granular key may not ask, and gets `rights`)."""
        return self._calls.whoami()

    def category(self, id_or_slug: int | str) -> wire.Category:
        """A category by its number, its slug, or `parent-slug/slug`, as our account sees it."""
        return self._calls.category(id_or_slug)

    def may_create(self, category: wire.Category) -> bool | None:
        """Whether our account may create topics in it; None where the forum does not say."""
        return None if category.permission is None else category.permission == 1

    def search(self, term: str, *, anonymous: bool = False) -> tuple[Hit, ...]:
        """The topics that the forum's search finds; `anonymous` searches as everybody does."""
        return tuple(Hit(topic.id, topic.title, self._url(topic.slug, topic.id)) for topic in self._calls.search(term, anonymous=anonymous))

    # --- topics ---------------------------------------------------------------------------------------------------

    def _put_topic(self, document: Document, known: Publication | None) -> Publication:
        if known is not None and not known.enqueued:
            return self._correct_topic(document, self._calls.topic(known.topic_id))
        if known is not None:
            waiting = self._approved_topic(document)
            return _still_waiting(document, known) if waiting is None else self._correct_topic(document, self._calls.topic(waiting))
        topic = self._found_or_created(document)
        return self._correct_topic(document, topic) if topic else _enqueued(document, 0)

    def _found_or_created(self, document: Document) -> wire.Topic | None:
        """The document's topic; None where it now waits for the forum's approval.

        A deleted topic keeps its external id, and the lookup does not show it: then the next spare id is tried, in the same order each time.
        """
        for external_id in _ids(document.external_id):
            found = self._calls.by_external_id(external_id)
            if found is not None:
                return self._calls.topic(found)
            try:
                created = self._create_topic(document, external_id)
            except UnacceptableError as refused:
                if wire.EXTERNAL_TAKEN not in refused.errors:
                    raise
                continue
            if created is None:
                return None
            topic = self._calls.readable_topic(created.topic_id)
            if topic is not None:
                return topic
            # The forum repeated an answer of the last two minutes, for a topic that was deleted since.
        raise OutsideError(
            f"The external id {document.external_id} and its {_SPARE_IDS - 1} spares belong to deleted topics; restore one of them in the forum.",
            kind="invalid",
            permanent=True,
        )

    def _create_topic(self, document: Document, external_id: str) -> wire.Post | None:
        def create(title: str) -> wire.Post | None:
            return self._calls.create(wire.new_topic(document, title=title, external_id=external_id))

        return _first_free(create, wire.titles(document))

    def _correct_topic(self, document: Document, topic: wire.Topic) -> Publication:
        if topic.deleted_at is not None and not document.private:
            raise _deleted(f"Topic {topic.id}")
        first = self._calls.with_raw(topic)
        changed = first.raw != wire.raw_as_kept(document.raw)
        if changed:
            self._calls.edit(first, document.raw)
        changes = _differences(document, topic)
        try:
            if changes and topic.deleted_at is None:
                self._retitle(document, topic.id, changes)
        finally:
            if document.private:
                self._history.hide(first.id)
        if changed or changes:
            topic = self._calls.topic(topic.id)
            first = self._calls.with_raw(topic)
        return Publication(
            document=document.document,
            topic_id=topic.id,
            post_id=first.id,
            url=self._url(topic.slug, topic.id),
            version=first.version,
            digest=wire.digest(document),
        )

    def _retitle(self, document: Document, topic_id: int, changes: dict[str, object]) -> None:
        if "title" not in changes:
            self._calls.retitle(topic_id, changes)
            return
        _first_free(lambda title: self._calls.retitle(topic_id, changes | {"title": title}), wire.titles(document))

    def _approved_topic(self, document: Document) -> int | None:
        """A topic that went through the approval queue: it lost its external id there, but not its mark."""
        found = self._calls.by_external_id(document.external_id)
        if found is not None:
            return found
        mark = wire.raw_as_kept(document.mark)
        return next((post.topic_id for post in self._calls.recent() if post.post_number == 1 and _ends_with(post, mark)), None)

    # --- posts within a topic -------------------------------------------------------------------------------------

    def _put_post(self, document: Document, known: Publication | None) -> Publication:
        topic = document.within
        if topic is None or topic.enqueued or not topic.topic_id:
            sentence = f"{document.document} has to wait: the topic it belongs to is not in the forum yet."
            raise OutsideError(sentence, kind="missing", retry_after_s=600.0)
        if known is not None and not known.enqueued:
            return self._correct_post(document, self._calls.post(known.post_id))
        post = self._by_mark(topic.topic_id, document.mark)
        if post is None and known is not None:
            return _still_waiting(document, known)
        post = post or self._created_post(document, topic.topic_id)
        return self._correct_post(document, post) if post else _enqueued(document, topic.topic_id)

    def _created_post(self, document: Document, topic_id: int) -> wire.Post | None:
        # A line end more is another request to the forum's two-minute memory, and the same text once it is kept.
        for raw in (document.raw, document.raw + "\n"):
            created = self._calls.create(wire.new_post(topic_id, raw))
            if created is None:
                return None
            post = self._calls.post(created.id)
            if not post.is_gone:
                return post
        raise _deleted(f"Post {post.id}")

    def _correct_post(self, document: Document, post: wire.Post) -> Publication:
        if post.is_gone and not document.private:
            raise _deleted(f"Post {post.id}")
        if post.raw != wire.raw_as_kept(document.raw) and not post.user_deleted:
            post = self._calls.edit(post, document.raw)
        if document.private:
            self._history.hide(post.id)
        return Publication(
            document=document.document,
            topic_id=post.topic_id,
            post_id=post.id,
            url=f"{self._url(post.topic_slug, post.topic_id)}/{post.post_number}",
            version=post.version,
            digest=wire.digest(document),
        )

    def _by_mark(self, topic_id: int, mark: str) -> wire.Post | None:
        kept = wire.raw_as_kept(mark)
        return next((post for post in self._calls.all_posts(topic_id) if not post.is_gone and _ends_with(post, kept)), None)

    # --- withdrawing ------------------------------------------------------------------------------------------------

    def _published(self, publication: Publication) -> wire.Post | None:
        """The post that a publication speaks of, or None where the forum has no trace of it."""
        if publication.enqueued:
            waiting = next((post for post in self._calls.recent() if _marks(post, publication.document)), None)
            if waiting is None:
                sentence = (
                    f"{publication.document} waits in the forum's approval queue, where only a person can take it out: reject it there."
                )
                raise OutsideError(sentence, kind="rights", permanent=True)
            return waiting
        try:
            return self._calls.post(publication.post_id)
        except OutsideError as error:
            if error.kind == "missing":
                return None
            raise

    def _blanked(self, post: wire.Post) -> wire.Post | None:
        """The post without its text; None where the forum refuses the neutral one (the deletion that follows matters more)."""
        if post.raw == wire.raw_as_kept(self._withdrawn_text):
            return post
        try:
            return self._calls.edit(post, self._withdrawn_text)
        except UnacceptableError:
            return None

    def _blank_title(self, topic_id: int) -> None:
        """The title asks the members' question; where the forum refuses another one, the deletion that follows takes it away."""
        try:
            self._calls.retitle(topic_id, {"title": f"{self._withdrawn_title} {topic_id}", "tags": []})
        except OutsideError as error:
            if error.kind not in ("invalid", "rights"):
                raise

    def _delete(self, post: wire.Post) -> None:
        is_topic = post.post_number == 1
        try:
            if is_topic:
                self._calls.delete_topic(post.topic_id)
            else:
                self._calls.delete_post(post.id)
        except OutsideError as error:
            if error.kind not in ("invalid", "rights", "missing"):
                raise
            # 422 says "denied", "missing" and "deleted already" alike; only looking tells them apart.
            if is_topic and self._calls.readable_topic(post.topic_id) is None:
                return
            sentence = f"The text at {self._url('-', post.topic_id)} is replaced, but our account may not delete it: make it a moderator, or delete it there."
            raise OutsideError(sentence, kind="rights", permanent=True) from None

    def _url(self, slug: str, topic_id: int) -> str:
        return f"{self._base_url}/t/{slug or '-'}/{topic_id}"


def _first_free(attempt: Callable[[str], T], titles: tuple[str, ...]) -> T:
    """The first attempt whose title no other topic of the site has."""
    *others, last = titles
    for title in others:
        try:
            return attempt(title)
        except UnacceptableError as refused:
            if wire.TITLE_TAKEN not in refused.errors or wire.EXTERNAL_TAKEN in refused.errors:
                raise
    return attempt(last)


def _ids(external_id: str) -> Iterator[str]:
    """The external id and its spares, at most fifty characters each."""
    yield external_id
    for number in range(2, _SPARE_IDS + 1):
        yield f"{external_id[:48]}-{number}"


def _differences(document: Document, topic: wire.Topic) -> dict[str, object]:
    changes: dict[str, object] = {}
    if not any(wire.same_title(topic.title, wanted) for wanted in wire.titles(document)):
        changes["title"] = document.title
    if set(topic.tags) != set(wire.tags_as_kept(document.tags)):
        changes["tags"] = list(document.tags)
    return changes


def _enqueued(document: Document, topic_id: int) -> Publication:
    return Publication(
        document=document.document, topic_id=topic_id, post_id=0, url="", version=0, digest=wire.digest(document), enqueued=True
    )


def _still_waiting(document: Document, known: Publication) -> Publication:
    """Still in the approval queue, where we cannot change it: an older text must not be approved unnoticed."""
    if known.digest == wire.digest(document):
        return known
    sentence = f"{document.document} waits in the forum's approval queue with an older text: reject it there, or approve it and it is corrected at once."
    raise OutsideError(sentence, kind="conflict", retry_after_s=600.0)


def _ends_with(post: wire.Post, mark: str) -> bool:
    return bool(mark) and (post.raw or "").endswith(mark)


def _marks(post: wire.Post, document: str) -> bool:
    """Whether the comment that ends a post names the document."""
    _, comment, last = (post.raw or "").rpartition("<!--")
    return bool(comment) and re.search(rf"(?:^|[\s:]){re.escape(document)}\s*-->$", last) is not None


def _deleted(what: str) -> OutsideError:
    sentence = f"{what} was deleted in the forum by somebody; restore it there, or retract the draft here."
    return OutsideError(sentence, kind="missing", permanent=True)
