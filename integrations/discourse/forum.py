"""The `Forum` port over one Discourse, and what `check` and others ask of it. What has to be taken back goes before everything else."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.discourse import proof, wire
from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse
from integrations.discourse.documents import Documents
from integrations.discourse.withdrawal import Withdrawal
from peerplugin.core.effects import Document, Publication


@dataclass(frozen=True, slots=True)
class Hit:
    """A topic that the forum's search found."""

    topic_id: int
    title: str
    url: str


class DiscourseForum:
    """One Discourse that holds our documents."""

    def __init__(self, discourse: Discourse, *, withdrawn_text: str, withdrawn_title: str = "Withdrawn topic") -> None:
        self._discourse = discourse
        self._calls = Calls(discourse)
        self._usual, self._urgent = Documents(discourse), Documents(discourse.urgently())
        self._withdrawal = Withdrawal(discourse.urgently(), text=withdrawn_text, title=withdrawn_title)

    # --- the port -------------------------------------------------------------------------------------------------

    def put(self, document: Document, known: Publication | None) -> Publication:
        """Make the forum hold `document` exactly as it is given."""
        return (self._urgent if document.private else self._usual).put(document, known)

    def find(self, document: Document) -> Publication | None:
        """Where a document stands of which nobody knows whether it was ever created."""
        return self._urgent.find(document)

    def withdraw(self, publication: Publication) -> None:
        """Replace the text by a neutral one, hide what it was, and delete it; its being gone already is no error."""
        self._withdrawal.withdraw(publication)

    def prove(self, category: int, day: str) -> None:
        """Show on a throw-away topic that what we publish in a category can be taken back for everybody. Raises where it cannot."""
        proof.prove(self._discourse, self, category, day)

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
        base_url = self._discourse.base_url
        found = self._calls.search(term, anonymous=anonymous)
        return tuple(Hit(topic.id, topic.title, wire.topic_url(base_url, topic.slug, topic.id)) for topic in found)
