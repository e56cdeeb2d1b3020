"""What is taken out of the forum: first its words, then what they were before, then the post itself."""

from __future__ import annotations

import re

from integrations.discourse import wire
from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse, UnacceptableError
from integrations.discourse.history import History
from peerplugin.core.effects import Publication
from peerplugin.errors import OutsideError


class Withdrawal:
    """Takes posts and topics of ours away. Needs a moderator's rights."""

    def __init__(self, discourse: Discourse, *, text: str, title: str) -> None:
        self._discourse, self._base_url = discourse, discourse.base_url
        self._calls = Calls(discourse)
        self._history = History(discourse)
        self._withdrawn_text = text  # twenty characters at least, or the forum refuses it
        self._withdrawn_title = title  # the topic's number is appended: titles must differ

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
            sentence = f"Post {post.id} is deleted, but the forum kept its text for the staff: it does not accept the text for withdrawn posts in our settings (see texts/withdrawn.md)."
            raise OutsideError(sentence, kind="invalid", permanent=True)

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
            post = self._calls.post(publication.post_id, publication.topic_id)
        except OutsideError as error:
            if error.kind != "missing":
                raise
            if self._discourse.is_public(f"/posts/{publication.post_id}.json"):
                sentence = f"Everybody but our account is shown post {publication.post_id}, which has to go: see in the forum what our account may read, or delete it there."
                raise OutsideError(sentence, kind="missing") from None
            return None
        return post if self._is_ours(post, publication) else None

    def _is_ours(self, post: wire.Post, publication: Publication) -> bool:
        """A forum that was restored from a backup of before our post gives its number to another, which is not to be touched."""
        return wire.is_ours(post) or _marks(post, publication.document) or post.raw == wire.raw_as_kept(self._withdrawn_text)

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
            sentence = f"The text at {wire.topic_url(self._base_url, '-', post.topic_id)} is replaced, but our account may not delete it: make it a moderator, or delete it there."
            raise OutsideError(sentence, kind="rights", permanent=True) from None


def _marks(post: wire.Post, document: str) -> bool:
    """Whether the comment that ends a post names the document."""
    _, comment, last = (post.raw or "").rpartition("<!--")
    return bool(comment) and re.search(rf"(?:^|[\s:]){re.escape(document)}\s*-->$", last) is not None
