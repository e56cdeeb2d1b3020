"""A forum on the evening after a meeting: what the service published of the demo's meeting, and what people wrote around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from integrations.discourse.sandbox import Sandbox
from peerplugin import app
from peerplugin.core import publish
from peerplugin.core.effects import Document, Publication
from peerplugin.core.model import DocumentId, Level, MeetingKey, Schedule
from peerplugin.core.record import Draft, Record, Verdict
from peerplugin.demo import meeting

ENDED = datetime(2026, 7, 18, 15, 40, tzinfo=UTC)
SIGNS = "Signs of a forum: a table, a quote, a date"
"""The title of the topic in which a moderator shows every kind of markup."""
BUSY, POSTS = "Say hello here, everybody is welcome", 45
"""A topic of three pages."""

WELCOME = """\
We meet every Saturday for an hour and a quarter and write to each other about living with MS: what we tried, what it was like, what helped.
You may listen only, nobody has to say anything, and whoever comes late is welcome.

Next time: [date=2026-07-25 time=19:30:00 timezone="Asia/Kolkata"] (19:30 in Kolkata)

| Month | Saturdays | Guest |
|---|---|---|
| July | 18, 25 | a physiotherapist on the 25th |
| August | 1, 8, 15, 22, 29 | none yet |

[details="What is written down, and what is not"]
What members tell each other is written down without names, and a moderator reads every word before it appears here.
Start a line with `[off]` and it is not used at all.
[/details]
"""
KINDS = """\
# A heading of the first rank

[quote="alma, post:1, topic:1"]
It aches for two days, then it is over.
[/quote]

> A quotation without a name.

## A heading of the second rank

| Day | What I ate | How it went | A column with a long heading | One more |
|---|---|---|---|---|
| 1 | lukewarm soup | well | averyveryverylongwordthatnobodywouldeverwritebutaprogram | 12345 |

[details="What my team gave me to read"]
A leaflet of four pages.
[/details]

Next: [date=2026-07-25 time=19:30:00 timezone="Asia/Kolkata"]. Some **bold**, *slanted*, ~~struck~~ and `code`, and a link: https://example.org/a/very/long/address/that/does/not/want/to/break/anywhere/at/all?with=a&query=too

```
a line of code that is much too long for a telephone, because whoever wrote it had a wide screen in front of them
```

1. one
2. two
   - two and a half

---

Ask @mara.
"""
REPLY = """\
[quote="mara, post:1, topic:2"]
It is lukewarm soup.
[/quote]

It was the same for me.
"""
FOG = """\
What helps me at work:

- I write down the next step *before* I stand up.
- Calls only before lunch, with the camera off.
- My manager knows. That was the hardest part and the one that helped most.
"""
CLOSED, UNLISTED = "This question is answered and closed", "Nobody finds this topic in a list"
JOIN = "write to a moderator of this forum; who only wants to listen is welcome."
SCHEDULE = Schedule(date(2026, 7, 18), "19:30", "Asia/Kolkata", "FREQ=WEEKLY")
PEOPLE = {"peerplugin": True, "mara": True, "alma": False, "bo": False, "cleo": False}
"""Who has an account, and whether as a moderator."""


@dataclass
class Evening:
    """The forum, and the hour that it is there."""

    now: datetime = ENDED
    sandbox: Sandbox = field(init=False)
    category: int = field(init=False)
    keys: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(clock=lambda: self.now)
        self.category = self.sandbox.create_category("MS Saturday Adda")
        self.keys = {name: self.sandbox.create_user(name, moderator=moderator) for name, moderator in PEOPLE.items()}

    def write(self, who: str, raw: str, **more: object) -> int:
        """Somebody writes a post, some minutes after the last one; the number of its topic."""
        self.now += timedelta(minutes=7)
        return int(self._call("post", "/posts.json", who, {"raw": raw, **more})["topic_id"])

    def set(self, topic: int, status: str, *, enabled: bool = True) -> None:
        """The moderator pins, closes or unlists a topic."""
        self._call("put", f"/t/{topic}/status.json", "mara", {"status": status, "enabled": str(enabled).lower()})

    def address(self, title: str) -> str:
        """Where the topic is whose title has these words in it."""
        found = next(row for row in self.sandbox.topics() if title in row["title"])
        return f"/t/{found['slug']}/{found['id']}"

    def _call(self, method: str, path: str, who: str, body: dict[str, object]) -> dict[str, Any]:
        answer = requests.request(method, self.sandbox.url + path, json=body, headers={"Api-Key": self.keys[who]}, timeout=10)
        assert answer.ok, f"{path}: {answer.text}"
        answered: dict[str, Any] = answer.json()
        return answered


@contextmanager
def evening() -> Iterator[Evening]:
    """The forum while it is open. It is the same each time, but for its port."""
    forum = Evening()
    with forum.sandbox:
        welcome = forum.write("mara", WELCOME, title="How our meetings work, and when the next one is", category=forum.category)
        forum.set(welcome, "pinned")
        publications = _publish(forum)
        fog = next(p for p in publications if "fog" in p.url)
        forum.write(
            "cleo", "Thank you for writing this up. I was in hospital that evening and read it the next morning.", topic_id=fog.topic_id
        )
        forum.write("bo", FOG, topic_id=fog.topic_id)
        yield forum


def add_corners(forum: Evening) -> None:
    """What is seldom, in a category of its own: every kind of markup, a topic of three pages, a closed one, an unlisted one."""
    corner = forum.sandbox.create_category("Everything else")
    kinds = forum.write("mara", KINDS, title=SIGNS, category=corner)
    forum.write("alma", REPLY, topic_id=kinds)
    busy = forum.write("mara", "Say hello when you are new here.", title=BUSY, category=corner)
    for number in range(2, POSTS + 1):
        forum.write(("alma", "bo", "cleo")[number % 3], f"Hello from me, too. I am number {number} to say so.", topic_id=busy)
    for title, status, enabled in ((CLOSED, "closed", True), (UNLISTED, "visible", False)):
        forum.set(forum.write("mara", "This is over, and it stays here to be read.", title=title, category=corner), status, enabled=enabled)


def _publish(forum: Evening) -> list[Publication]:
    """Put the drafts that the demo's meeting gives, approved by a moderator, and then the index that links them."""
    (found,), _, words = app.replay(meeting.SHIPPED, default=Level.REPORTED, min_contributors=3)
    assert found.outcome is not None
    key = MeetingKey("demo/2026-07-18")
    drafts = [s for s in found.outcome.summaries if not s.withheld]
    drafts.remove(min(drafts, key=lambda s: sum(not statement.offered for statement in s.statements)))  # the thinnest is rejected
    record = Record(
        key, found.series.series_id, found.series.room, found.opened.at, speakers=found.outcome.speakers, present=29,
        drafts=tuple(Draft(n, DocumentId(f"{key}/{n}"), s, verdict=Verdict.APPROVED) for n, s in enumerate(drafts, 1)),
    )  # fmt: skip
    series = replace(found.series, category=forum.category, tags=("meeting",), how_to_join=JOIN, schedule=SCHEDULE)
    while waiting := [d for d in publish.documents(record, series, words) if d.document not in record.publications]:
        put = {document.document: _put(forum, document) for document in waiting}
        record = replace(record, publications={**record.publications, **put})
    return list(record.publications.values())


def _put(forum: Evening, document: Document) -> Publication:
    body = {"title": document.title, "category": document.category, "tags": list(document.tags), "external_id": document.external_id}
    topic = forum.write("peerplugin", document.raw, **body)
    return Publication(document.document, topic, 0, f"{forum.sandbox.url}{forum.address(document.title)}", 1, "")
