"""What the forum should hold, brought there: looked up before it is created, read before it is edited, nothing twice.

Every verb may be repeated after any failure: what was done already is found, and only what is missing is done.
What a person changed in the forum meanwhile is not written over, unless something in it has to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from integrations.discourse import wire
from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse, UnacceptableError
from integrations.discourse.history import History
from peerplugin.core.effects import Document, Publication
from peerplugin.core.publish import document_digest
from peerplugin.errors import OutsideError

T = TypeVar("T")
_SPARE_IDS = 9
_MEMORY_S = 130.0
"""The forum repeats its answer to a create for two minutes: whoever asks again after that is told the truth."""


class Documents:
    """Topics and posts of ours in one forum."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse, self._base_url = discourse, discourse.base_url
        self._calls = Calls(discourse)
        self._history = History(discourse)

    def put(self, document: Document, known: Publication | None) -> Publication:
        """Make the forum hold `document`. Raises `conflict`, for good, where a person edited it; a private or `over` one goes over that."""
        if document.kind == "topic":
            return self._put_topic(document, known)
        return self._put_post(document, known)

    def find(self, document: Document) -> Publication | None:
        """Where a document stands of which nobody knows whether it was ever created."""
        if document.kind == "post":
            topic = document.within
            within = self._readable(topic.topic_id) if topic is not None and not topic.enqueued else None
            post = self._by_mark(within.id, document.mark) if within is not None else None
        else:
            ids = map(self._calls.by_external_id, _ids(document.external_id))
            found = next((t for t in ids if t is not None), None) or self._recent_topic(document)
            post = self._calls.with_raw(self._calls.topic(found)) if found is not None else None
        if post is None:
            return None
        return Publication(document.document, post.topic_id, post.id, self._url("-", post.topic_id), post.version, "")

    # --- topics ---------------------------------------------------------------------------------------------------

    def _put_topic(self, document: Document, known: Publication | None) -> Publication:
        if known is not None and not known.enqueued:
            topic = self._calls.readable_topic(known.topic_id) if not document.private else self._calls.topic(known.topic_id)
            if topic is None:
                raise _deleted(f"Topic {known.topic_id}")
            return self._correct_topic(document, topic, known)
        if known is not None:
            waiting = self._standing_topic(document, document.external_id)
            return _still_waiting(document, known) if waiting is None else self._correct_topic(document, self._calls.topic(waiting), None)
        return self._created_or_found(document)

    def _created_or_found(self, document: Document) -> Publication:
        """The document's topic, or that it now waits for the forum's approval.

        The forum itself refuses a second topic with an external id: only then it is looked for, which saves a call for each topic.
        A deleted topic keeps its id, and the lookup does not show it; somebody else's topic may have it, too: then the next spare id is
        tried, in the same order each time.
        """
        for external_id in _ids(document.external_id):
            try:
                created = self._create_topic(document, external_id)
            except UnacceptableError as refused:
                if wire.EXTERNAL_TAKEN not in refused.errors:
                    raise
                found = self._standing_topic(document, external_id)
                topic = self._shown(found) if found is not None else None
                if topic is not None and _is_ours(document, self._calls.with_raw(topic)):
                    return self._correct_topic(document, topic, None)
            else:
                if created is None:
                    return _enqueued(document, 0)
                topic = self._shown(created.topic_id)
                if topic is not None:
                    return replace(self._stands(document, topic, created), pinned=self._pin(document, topic.id))
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

    def _correct_topic(self, document: Document, topic: wire.Topic, known: Publication | None) -> Publication:
        if topic.deleted_at is not None and not document.private:
            raise _deleted(f"Topic {topic.id}")
        first = self._calls.with_raw(topic)
        if known is not None and not _is_ours(document, first):
            raise _replaced(known)
        overrode = self._goes_over_a_person(document, known, topic.title, first)
        changes = _differences(document, topic, known)
        if first.raw != wire.raw_as_kept(document.raw):
            first = self._calls.edit(first, document.raw)
        try:
            if changes and topic.deleted_at is None:
                self._retitle(document, topic.id, changes)
        finally:
            if document.private:
                self._history.hide(first.id)
        if changes:
            topic = self._calls.topic(topic.id)
        dropped = known.dropped if known is not None and known.tags == document.tags else _dropped(document, topic)
        pinned = (known is not None and known.pinned) or self._pin(document, topic.id)
        return replace(self._stands(document, topic, first), dropped=dropped, overrode=overrode, pinned=pinned)

    def _pin(self, document: Document, topic_id: int) -> bool:
        """Put it above the others of its category. An account that may not is no reason to hold back what stands there already."""
        if not document.pinned:
            return False
        try:
            self._calls.set_status(topic_id, "pinned", enabled=True)
        except OutsideError as error:
            if not error.permanent:
                raise
            return False
        return True

    def _stands(self, document: Document, topic: wire.Topic, first: wire.Post) -> Publication:
        return Publication(
            document=document.document,
            topic_id=topic.id,
            post_id=first.id,
            url=self._url(topic.slug, topic.id),
            version=first.version,
            digest=document_digest(document),
            kept=wire.kept(topic.title, first.raw or ""),
            tags=document.tags,
            dropped=_dropped(document, topic),
        )

    def _goes_over_a_person(self, document: Document, known: Publication | None, title: str, post: wire.Post) -> bool:
        """Whether a person's edit is to be replaced. Where nothing demands that, their edit stays: raises `conflict`."""
        if known is None or not known.kept or wire.is_untouched(document, known.kept, title, post.raw or ""):
            return False
        if post.version == known.version or not self._history.is_by_another(post):
            return False  # a correction of ours of which only a part was done: whoever else edits always makes a new version
        if document.private or document.over:
            return True
        sentence = f"{known.url} was edited in the forum since it was published: that edit stays, and our newer text was not put there."
        raise OutsideError(sentence, kind="conflict", permanent=True)

    def _retitle(self, document: Document, topic_id: int, changes: dict[str, object]) -> None:
        if "title" not in changes:
            self._calls.retitle(topic_id, changes)
            return
        _first_free(lambda title: self._calls.retitle(topic_id, changes | {"title": title}), wire.titles(document))

    def _shown(self, topic_id: int) -> wire.Topic | None:
        """A topic of which the forum just said that it is there; None where it is deleted. Not to be shown it is no reason to make another."""
        try:
            topic = self._calls.topic(topic_id)
        except OutsideError as error:
            if error.kind != "missing":
                raise
            sentence = (
                f"The forum holds our topic {topic_id}, but does not show it: it is looked for again; see there what our account may read."
            )
            raise OutsideError(sentence, kind="missing", retry_after_s=_MEMORY_S) from None
        return None if topic.deleted_at is not None else topic

    def _readable(self, topic_id: int) -> wire.Topic | None:
        """A topic that may be deleted: then nobody is shown it."""
        topic = self._calls.readable_topic(topic_id)
        if topic is None and self._discourse.is_public(f"/t/{topic_id}.json"):
            sentence = f"Everybody but our account is shown topic {topic_id}: see in the forum what our account may read."
            raise OutsideError(sentence, kind="missing")
        return topic

    def _standing_topic(self, document: Document, external_id: str) -> int | None:
        """A topic that has this external id or, having lost it in the approval queue, our mark."""
        return self._calls.by_external_id(external_id) or self._recent_topic(document)

    def _recent_topic(self, document: Document) -> int | None:
        mark = wire.raw_as_kept(document.mark)
        return next((post.topic_id for post in self._calls.recent() if post.post_number == 1 and _ends_with(post, mark)), None)

    # --- posts within a topic -------------------------------------------------------------------------------------

    def _put_post(self, document: Document, known: Publication | None) -> Publication:
        topic = document.within
        if topic is None or topic.enqueued or not topic.topic_id:
            sentence = f"{document.document} has to wait: the topic it belongs to is not in the forum yet."
            raise OutsideError(sentence, kind="missing", retry_after_s=600.0)
        if known is not None and not known.enqueued:
            return self._correct_post(document, self._calls.post(known.post_id, known.topic_id), known)
        post = self._by_mark(topic.topic_id, document.mark)
        if post is None and known is not None:
            return _still_waiting(document, known)
        post = post or self._created_post(document, topic.topic_id)
        return self._correct_post(document, post, known) if post else _enqueued(document, topic.topic_id)

    def _created_post(self, document: Document, topic_id: int) -> wire.Post | None:
        # A line end more is another request to the forum's two-minute memory, and the same text once it is kept.
        for raw in (document.raw, document.raw + "\n"):
            created = self._calls.create(wire.new_post(topic_id, raw))
            if created is None:
                return None
            post = self._calls.post(created.id, topic_id)
            if not post.is_gone:
                return post
        raise _deleted(f"Post {post.id}")

    def _correct_post(self, document: Document, post: wire.Post, known: Publication | None) -> Publication:
        if post.is_gone and not document.private:
            raise _deleted(f"Post {post.id}")
        if known is not None and not _is_ours(document, post):
            raise _replaced(known)
        overrode = not post.user_deleted and self._goes_over_a_person(document, known, document.title, post)
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
            digest=document_digest(document),
            kept=wire.kept(document.title, post.raw or ""),
            tags=document.tags,
            overrode=overrode,
        )

    def _by_mark(self, topic_id: int, mark: str) -> wire.Post | None:
        kept = wire.raw_as_kept(mark)
        return next((post for post in self._calls.all_posts(topic_id) if not post.is_gone and _ends_with(post, kept)), None)

    def _url(self, slug: str, topic_id: int) -> str:
        return wire.topic_url(self._base_url, slug, topic_id)


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


def _differences(document: Document, topic: wire.Topic, known: Publication | None) -> dict[str, object]:
    """What to change of a topic. Tags that we asked for before stay as they are: people may have sorted them, the forum dropped one."""
    changes: dict[str, object] = {}
    if not any(wire.same_title(topic.title, wanted) for wanted in wire.titles(document)):
        changes["title"] = document.title
    asked = known is not None and known.tags == document.tags
    if not asked and set(topic.tags) != set(wire.tags_as_kept(document.tags)):
        changes["tags"] = list(document.tags)
    return changes


def _dropped(document: Document, topic: wire.Topic) -> tuple[str, ...]:
    """The tags that the forum did not take."""
    return tuple(tag for tag in wire.tags_as_kept(document.tags) if tag not in topic.tags)


def _enqueued(document: Document, topic_id: int) -> Publication:
    return Publication(
        document=document.document, topic_id=topic_id, post_id=0, url="", version=0, digest=document_digest(document), enqueued=True
    )


def _still_waiting(document: Document, known: Publication) -> Publication:
    """Still in the approval queue, where we cannot change it: an older text must not be approved unnoticed."""
    if known.digest == document_digest(document):
        return known
    sentence = f"{document.document} waits in the forum's approval queue with an older text: reject it there, or approve it and it is corrected at once."
    raise OutsideError(sentence, kind="conflict", retry_after_s=600.0)


def _ends_with(post: wire.Post, mark: str) -> bool:
    return bool(mark) and (post.raw or "").endswith(mark)


def _is_ours(document: Document, post: wire.Post) -> bool:
    """A forum that was restored from a backup of before our post gives its number to another, which is not to be touched."""
    return wire.is_ours(post) or _ends_with(post, wire.raw_as_kept(document.mark))


def _replaced(known: Publication) -> OutsideError:
    sentence = (
        f"At {known.url} stands something else now (was the forum restored from a backup?): retract the draft here, or restore ours there."
    )
    return OutsideError(sentence, kind="missing", permanent=True)


def _deleted(what: str) -> OutsideError:
    sentence = f"{what} was deleted in the forum by somebody; restore it there, or retract the draft here."
    return OutsideError(sentence, kind="missing", permanent=True)
