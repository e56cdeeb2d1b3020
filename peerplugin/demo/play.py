"""What happens in the demo, in order: a meeting, its drafts, a moderator's decisions, the topics, a change of mind, a search."""

from __future__ import annotations

import re
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from peerplugin.demo import meeting
from peerplugin.demo.homeserver import synapse_python
from peerplugin.demo.meeting import Held, Log
from peerplugin.demo.screen import Screen
from peerplugin.demo.stage import SLUG, Service, Stage, Watch
from peerplugin.errors import OutsideError

YES, NO, LOOK = "✅", "❌", "👀"
DRAFTING_S = 60.0
"""How long the thinking may take; a long log takes longer than the shipped one."""
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
HANG_UPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Card:
    """A draft's card in the moderators' room."""

    number: int
    event: str
    text: str

    @property
    def question(self) -> str:
        """The draft's title, as the topic has it: the first line without the number and what follows."""
        return self.text.split("\n", 1)[0].rpartition("    (")[0].partition(" · ")[2]


@dataclass
class Play:
    """One performance."""

    screen: Screen
    stage: Stage
    service: Service
    watch: Watch
    held: Held = field(default_factory=Held)
    cards: list[Card] = field(default_factory=list)

    # --- the meeting ------------------------------------------------------------------------------------------------

    def meet(self) -> None:
        """From `!startmeeting` to the last card."""
        stage, screen, log = self.stage, self.screen, self.stage.log
        who = log.people[log.facilitator] or stage.facilitator.user_id
        with screen.step(f"{who} says !startmeeting, and the room hears that it is noted"):
            stage.facilitator.say(stage.room, "!startmeeting")
            text = self._hear(stage.room, "started:", "the room was told that the meeting is noted")
        screen.quote("peerplugin, in the room", text)
        speakers = len({line.sender for line in log.lines})
        with screen.step(f"{speakers} members talk: {len(log.lines)} messages, replies, threads, edits, redactions, reactions") as tick:
            self.held = meeting.hold(log, stage.room, stage.people, stage.mara, tick)
        with screen.step(f"{who} says !endmeeting"):
            stage.facilitator.say(stage.room, "!endmeeting")
            text = self._hear(stage.room, "ended:", "the room was told that noting is over")
        screen.quote("peerplugin, in the room", text)
        with screen.step("The chat becomes threads, the threads become drafts, each draft a card for the moderators"):
            told = self._hear(stage.desk, "drafted:", "the moderators heard of the drafts", DRAFTING_S)
            expected = re.search(r"\d+(?= drafts?\b)", told)
            if expected is None:
                raise OutsideError("Nothing in this meeting became a draft. Hold a longer one.", kind="missing")
            self.cards = self.watch.until(lambda: self._shown(int(expected[0])), f"{expected[0]} cards stood in the moderators' room")
        screen.quote("peerplugin, in the moderators' room", told)
        screen.quote("One of the cards", self._richest().text)

    def _hear(self, room: str, key: str, what: str, patience_s: float = 30.0) -> str:
        return self.watch.until(lambda: self.watch.keyed(room, key), what, patience_s)[-1][2]

    def _shown(self, expected: int) -> list[Card]:
        found = [Card(int(key.rsplit(":", 2)[1]), event, text) for key, event, text in self.watch.keyed(self.stage.desk, "card:")]
        return sorted(found, key=lambda card: card.number) if len(found) >= expected else []

    def _richest(self) -> Card:
        return max(self.cards, key=lambda card: card.text.count("\n"))

    # --- the decision -----------------------------------------------------------------------------------------------

    def decide(self) -> tuple[Card, dict[int, list[str]]]:
        """The moderator looks at one card's sources, rejects the thinnest, approves the others, and all approved ones are published."""
        stage, mara, richest = self.stage, self.stage.mara, self._richest()
        with self.screen.step(f"Mara, the moderator, reacts {LOOK} to #{richest.number} and sees its sources"):
            look = mara.react(stage.desk, richest.event, LOOK)
            told = self._hear(stage.desk, f"quote:{look}", "the sources were shown")
        self.screen.quote("peerplugin, in the moderators' room", "\n".join(told.splitlines()[:6]) + "\n…")
        thinnest = min(self.cards, key=lambda card: card.text.count("\n")) if len(self.cards) > 1 else None
        approved = [card for card in self.cards if card is not thinnest]
        with self.screen.step(f"She reacts {YES} to {len(approved)} cards{f' and {NO} to #{thinnest.number}' if thinnest else ''}"):
            votes = [mara.react(stage.desk, card.event, YES) for card in approved]
            if thinnest is not None:
                mara.react(stage.desk, thinnest.event, NO)
        with self.screen.step("What she approved is published, and an index of the meeting"):
            self.watch.until(lambda: self._are_published(votes), "every approved draft was a topic")
            text = self._hear(stage.room, "published:", "the room heard where the summary is")
        self.screen.quote("peerplugin, in the room", text)
        return richest, _sources(told)

    def _are_published(self, votes: list[str]) -> bool:
        """One topic for each approval that counted (a draft that holds nothing publishable yet is answered instead), and the index."""
        refused = sum(bool(self.watch.keyed(self.stage.desk, f"say:{vote}:")) for vote in votes)
        if refused == len(votes):
            raise OutsideError("None of the drafts held anything that could be published.", kind="missing")
        return len(self.stage.topics()) == len(votes) - refused + 2  # the index, and the topic that says when the group meets

    # --- afterwards -------------------------------------------------------------------------------------------------

    def withdraw(self, card: Card, sources: dict[int, list[str]]) -> None:
        """A member takes back a message that a published statement rests on: the topic follows."""
        topic = next((t for t in self.stage.topics() if t.title == card.question), None)
        event = self._cited(sources)
        if topic is None or event is None:
            raise OutsideError(f"#{card.number} is not public, or its sources are not among what was said.", kind="missing")
        who, before = self.held.author[event], self.stage.lines(topic.number) or []
        name = next(shown for user, shown in self.stage.log.people.items() if self.stage.people[user] is who)
        with self.screen.step(f"{name or who.user_id} redacts a message that #{card.number} rests on, and the topic follows"):
            who.redact(self.stage.room, event)
            self.watch.until(lambda: self.stage.lines(topic.number) != before, "the topic no longer said what had been taken back")
        after = self.stage.lines(topic.number)
        for line in before if after is None else [line for line in before if line not in after]:
            self.screen.note(f"gone: {line}")

    def _cited(self, sources: dict[int, list[str]]) -> str | None:
        """A message that stands behind a statement, best one that stands there alone."""
        for texts in sorted(sources.values(), key=len):
            for text in texts:
                if (event := self.held.find(text)) is not None:
                    return event
        return None

    def search(self) -> None:
        """Somebody without an account searches, and everything that is public is listed."""
        topics = self.stage.topics()
        threads = [t for t in topics if t.title in {card.question for card in self.cards}] or topics
        word = _telling_word([t.title for t in threads], self.held.text.values())
        with self.screen.step(f'Somebody without an account searches for "{word}"'):
            found = self.stage.search(word)
            hits = [t for t in threads if t.number in found]
            if not hits:
                raise OutsideError(f'The forum finds no topic with "{word}".', kind="missing")
        self.screen.table("Published", [(t.title, t.url) for t in topics])
        self.screen.table(f'Found by "{word}", {self.stage.sandbox.url}/search?q={quote(word)}', [(t.title, t.url) for t in hits])


def _sources(told: str) -> dict[int, list[str]]:
    """What the bot quotes under each statement's number."""
    found: dict[int, list[str]] = {}
    for block in re.split(r"(?m)^(?=\d+\.\d+ rests on:$)", told):
        if head := re.match(r"\d+\.(\d+) rests on:\n", block):
            found[int(head[1])] = re.findall(r'(?ms)^\d+\.m\d+ "(.*?)"$', block)
    return found


def _telling_word(titles: Collection[str], said: Iterable[str]) -> str:
    """A word that few of the titles hold, and that members used often: what somebody would search for."""
    held: list[set[str]] = [set(_LONG_WORD.findall(title.lower())) for title in titles]
    words = {word for title in held for word in title}
    if not words:
        raise OutsideError("No title of a topic holds a word to search for.", kind="missing")
    spoken = Counter(word for text in said for word in _LONG_WORD.findall(text.lower()))
    return min(words, key=lambda w: (sum(w in title for title in held), -spoken[w], w))


# --- from beginning to end -----------------------------------------------------------------------------------------------


def hold(*, keep: bool = False, log_file: Path | None = None) -> bool:
    """Perform the demo; False: it was stopped. What did not happen is a PeerpluginError. Nothing is left behind."""
    screen = Screen()
    with _interruptible() as deaf, ExitStack() as stack:
        try:
            _perform(stack, screen, meeting.read_log(log_file or meeting.SHIPPED), keep=keep)
        except KeyboardInterrupt:
            screen.blank()
            screen.note("Stopped: the servers are being ended, their data removed.")
            return False
        finally:
            deaf()
    return True


def _perform(stack: ExitStack, screen: Screen, log: Log, *, keep: bool) -> None:
    synapse_python()  # says at once what is missing
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peerplugin-demo-")))
    with screen.step("A homeserver (Synapse) and a forum (a sandbox that answers as Discourse does) start on this machine"):
        stage = Stage.open(stack, folder, log)
    screen.note(f"homeserver {stage.homeserver.url}, forum {stage.sandbox.url}")
    with screen.step(f"{len(log.people)} members, a moderator and the bot come into the room #meeting:{stage.homeserver.name}") as tick:
        stage.fill(stack, tick)
    service = Service(stage)
    stack.callback(service.stop)
    screen.note("peerplugin check says:")
    with screen.step("peerplugin check found all that the service needs", live=False):
        if not service.show("check"):
            raise OutsideError("The table above says what is missing.", kind="missing")
    watch = Watch(stage, service)
    with screen.step("peerplugin run: the service starts, and answers in the moderators' room"):
        service.start()
        watch.until(service.is_healthy, "the service said that it is healthy")
        _greet(stage, watch)
    play = Play(screen, stage, service, watch)
    play.meet()
    play.withdraw(*play.decide())
    play.search()
    screen.note("peerplugin status says:")
    service.show("status")
    if keep:
        _stay(screen, stage, service)


def _greet(stage: Stage, watch: Watch) -> None:
    """Ask until it answers: what is said before it listens is not for it."""
    for patience_s in (1.0, 2.0, 30.0):
        asked = stage.mara.say(stage.desk, "!status")
        try:
            watch.until(lambda event=asked: watch.keyed(stage.desk, f"say:{event}"), "it answered in the moderators' room", patience_s)  # type: ignore[misc]
        except OutsideError:
            if patience_s == 30.0:
                raise
        else:
            return


def _stay(screen: Screen, stage: Stage, service: Service) -> None:
    """Leave everything up until somebody presses Ctrl-C."""
    rows = [
        ("Forum", f"{stage.sandbox.url}/c/{SLUG}/{stage.category}"),
        ("Homeserver, for any Matrix client", stage.homeserver.url),
        ("Moderator", f"{stage.mara.user_id}  password {stage.mara.user.password}"),
        ("Facilitator", f"{stage.facilitator.user_id}  password {stage.facilitator.user.password}"),
        ("Settings of the service", str(stage.settings)),
    ]
    screen.table("All of it stays up until Ctrl-C", rows)
    try:
        service.wait()
    except KeyboardInterrupt:
        screen.blank()
        screen.note("The servers are being ended, their data removed.")
        return
    service.look()


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Every wish to end it is a KeyboardInterrupt here, once: what is given makes us deaf while we clear away."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in HANG_UPS}
    try:
        yield lambda: _set_all(signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _set_all(handler: signal.Handlers) -> None:
    for number in HANG_UPS:
        signal.signal(number, handler)
