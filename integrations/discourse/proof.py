"""Shows on a throw-away topic that an erasure works: published, corrected, taken back, and at each step read as everybody does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse
from peerplugin.core.effects import Document, Publication
from peerplugin.core.model import DocumentId
from peerplugin.errors import OutsideError
from peerplugin.ports import Forum

_GONE = "amaranth"
"""Stands in the first text only."""
_FIRST = (
    f"This topic is a test by the program peerplugin, and will be deleted in a moment. The word {_GONE} must not be readable any more"
    " once it was corrected. "
    + "Before anything is published here, the program makes sure that a text can be taken back again for every reader. "
    * 4
)
_SECOND = "This topic is a test by the program peerplugin. It was corrected, and will be deleted in a moment."
"""Differs by more than four hundred characters: a smaller edit would leave no revision behind, and prove nothing."""


def prove(discourse: Discourse, forum: Forum, category: int, day: str) -> None:
    """Publish, correct and withdraw a topic in a category. Raises where anybody could still read what it said, or where we may not do it.

    `day` stands in the topic's key: whatever was left behind by an attempt that was interrupted is found, and taken away."""
    first = _document(category, day)
    published = forum.put(first, None)
    if published.enqueued:
        sentence = f"Posts of our account in category {category} wait for the forum's approval: let its account post there without it, as a moderator or a member of a trusted group."
        raise OutsideError(sentence, kind="rights", permanent=True)
    _unlist(discourse, published)
    try:
        forum.put(replace(first, raw=_SECOND + "\n\n" + first.mark, private=True), published)
        _look(discourse, published)
    except OutsideError:
        with suppress(OutsideError):  # what went wrong first is what a person must hear of
            forum.withdraw(published)
        raise
    forum.withdraw(published)
    if _reads(discourse, f"/t/{published.topic_id}.json"):
        raise _unproven(f"topic {published.topic_id} can still be read by everybody after it was deleted")


def _document(category: int, day: str) -> Document:
    mark = f"<!-- peerplugin:proof/{category}/{day} -->"
    return Document(
        document=DocumentId(f"proof/{category}/{day}"),
        kind="topic",
        category=category,
        title=f"A test whether texts can be taken back here ({category}, {day})",
        raw=f"{_FIRST}\n\n{mark}",
        tags=(),
        external_id=f"pp-proof-{category}-{day}",
        mark=mark,
    )


def _unlist(discourse: Discourse, published: Publication) -> None:
    """Readers need not come across it meanwhile; where we may not unlist it, they may for a moment."""
    try:
        Calls(discourse).set_status(published.topic_id, "visible", enabled=False)
    except OutsideError as error:
        if error.kind not in ("rights", "missing", "invalid"):
            raise


def _look(discourse: Discourse, published: Publication) -> None:
    """Read what everybody reads. The history was looked at when it was hidden."""
    for path in (f"/t/{published.topic_id}.json", f"/posts/{published.post_id}.json"):
        if _GONE in _reads(discourse, path):
            raise _unproven(f"{path} still shows everybody what the post said before it was corrected")


def _reads(discourse: Discourse, path: str) -> str:
    """What anybody reads there; nothing where nobody may."""
    try:
        return str(discourse.get(path, anonymous=True).body)
    except OutsideError as error:
        if error.kind in ("missing", "rights"):
            return ""
        raise


def _unproven(what: str) -> OutsideError:
    sentence = f"An erasure would not be complete: {what}. Nothing is published there until this is mended; `peerplugin check` says how."
    return OutsideError(sentence, kind="rights", permanent=True)
