"""What the settings name in the forum: the categories, who sees them, what we may do there, and whether they take our tags."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from integrations.discourse.address import Forum
from integrations.discourse.capability import Capability, Fits
from integrations.discourse.looks import Category, ForumTag, Looks, Site, Tags, as_anybody, attempt
from integrations.discourse.rights import Key
from integrations.discourse.wire import tags_as_kept
from peerplugin.errors import OutsideError

SOME = 5
"""So many tags are named in a sentence, at most."""
MAY_NOT_ASK = "The key may not ask (scope categories: show)."


@dataclass(frozen=True, slots=True)
class Place:
    """A series' categories, the tags of each of its topics, and those of the vocabulary."""

    series: str
    category: int
    drafts: int | None = None
    tags: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()


class Places:
    """The categories and tags of one forum, each read once."""

    def __init__(self, looks: Looks, key: Key, forum: Forum) -> None:
        self._looks, self._key, self._forum = looks, key, forum
        self._tags: Tags | OutsideError | None = None
        self._site: Site | OutsideError | None = None
        self.names: dict[int, str] = {}

    def capabilities(self, place: Place) -> Iterator[Capability]:
        """All that is to be said of a series' place."""
        category = yield from self._public(place)
        if place.drafts is not None:
            yield from self._drafts(place, place.drafts)
        if category is not None:
            yield from self._taken(place, category)

    # --- categories ---------------------------------------------------------------------------------------------------

    def _read(self, number: int) -> tuple[Category | OutsideError, Category | OutsideError]:
        """As everybody sees it, and as we do (the same where our key may not ask)."""
        everybody = attempt(lambda: self._looks.category(number, anonymous=True))
        ours = attempt(lambda: self._looks.category(number, anonymous=False)) if self._key.is_let_in else everybody
        if isinstance(ours, OutsideError) and ours.kind == "rights":
            ours = everybody
        for seen in (everybody, ours):
            if isinstance(seen, Category):
                self.names[number] = seen.name
        return everybody, ours

    def _public(self, place: Place) -> Generator[Capability, None, Category | None]:
        number, series = place.category, place.series
        everybody, ours = self._read(number)
        if isinstance(ours, OutsideError):
            closed = self._forum.login_required and not self._key.is_let_in
            what = f"{series}: everybody can read category {number}"
            yield self._closed(what, f"category {number}") if closed else _absent(f"{series}: category {number}", number, ours)
            return None
        name = f"{ours.name} ({number})"
        sub = f", a sub-category of {ours.parent_category_id}" if ours.parent_category_id else ""
        if isinstance(everybody, OutsideError) or everybody.read_restricted:
            yield self._closed(f"{series}: everybody can read {name}", name)
        else:
            yield Capability(f"{series}: everybody can read {name}", "ok", f"looked at without a key{sub}")
        yield self._create(series, ours, name)
        yield from self._approval(series, ours, name)
        if ours.mailinglist_mirror:
            note = "The category mirrors a mailing list: what stands there is sent out at once."
            mend = f"{name}, wrench, Settings: switch off `Category mirrors a mailing list`."
            yield Capability(
                f"{series}: nothing is mailed out of {name}", "no", note, without="what was mailed cannot be taken back", mend=mend
            )
        return ours

    def _closed(self, what: str, name: str) -> Capability:
        if self._forum.login_required:
            note, mend = "Readers must log in first.", "Admin, Settings, Login: switch `login_required` off."
        else:
            note, mend = "The category is not public.", f"{name}, wrench, Security: everyone may See."
        return Capability(what, "no", note, without="nobody finds by a search engine what the group knows", mend=mend)

    def _create(self, series: str, category: Category, name: str) -> Capability:
        what = f"{series}: create topics in {name}"
        if category.permission == 1:
            return Capability(what, "ok", "the category says so")
        if category.permission is None:
            note = (
                "Not known without a key."
                if not self._key.is_let_in
                else MAY_NOT_ASK
                if self._key.kind == "narrow"
                else "The forum does not say."
            )
            return Capability(what, "unknown", note, how="", without="nothing can be published there")
        return Capability(
            what,
            "no",
            f"The account may not create topics in {category.name}.",
            without="nothing can be published there",
            mend=f"{name}, wrench, Security: a group that the account is in (such as moderators) may Create.",
        )

    def _approval(self, series: str, category: Category, name: str) -> Iterator[Capability]:
        if category.needs_approval is None:
            return
        what = f"{series}: topics in {name} stand at once"
        if category.needs_approval and not self._key.is_staff:
            note = "New topics there wait for the forum's staff."
            mend = f"{name}, wrench, Settings: no approval of new topics; or make the account a moderator."
            yield Capability(
                what, "advice", note, how="inferred", without="each topic waits until somebody approves it again in the forum", mend=mend
            )
        else:
            yield Capability(
                what, "ok", "moderators need no approval" if category.needs_approval else "no approval asked for", how="inferred"
            )

    def _drafts(self, place: Place, number: int) -> Iterator[Capability]:
        everybody, ours = self._read(number)
        if isinstance(everybody, Category):
            yield Capability(
                f"{place.series}: drafts category {everybody.name} ({number}) is private",
                "no",
                "Everybody can read the category for drafts.",
                without="what no moderator has approved yet would be public",
                mend=f"{everybody.name} ({number}), wrench, Security: take everyone away; only the staff, or the group of your moderators, may See.",
            )
            return
        if isinstance(ours, OutsideError):
            what = f"{place.series}: drafts category {number}"
            hidden = everybody.kind in ("missing", "rights")
            if hidden and (ours is everybody or not self._key.is_let_in):
                note = MAY_NOT_ASK if self._key.is_let_in else "Not known without a key."
                yield Capability(what, "unknown", f"Nobody without an account sees it, as it should be. {note}")
            else:
                yield _absent(what, number, ours)
            return
        yield Capability(f"{place.series}: drafts category {ours.name} ({number}) is private", "ok", "looked at without a key")
        yield self._create(place.series, ours, f"{ours.name} ({number})")

    # --- tags ---------------------------------------------------------------------------------------------------------

    def _taken(self, place: Place, category: Category) -> Iterator[Capability]:
        what = f"{place.series}: tags"
        wanted = tuple(dict.fromkeys((*place.tags, *place.vocabulary)))
        if self._forum.settings is not None and self._forum.settings.tagging_enabled is False:
            mend = "Admin, Settings, Tags: switch `tagging_enabled` on."
            yield Capability(what, "advice", "The forum has no tags.", without="topics stand without tags", mend=mend)
            return
        there = self._all_tags()
        if isinstance(there, OutsideError) or not self._key.is_let_in:
            note = "Not known without a key." if not isinstance(there, OutsideError) else there.sentence
            yield Capability(what, "unknown", note, without="a tag that the forum does not take is left out, and told")
            return
        allowed = self._allowed(category)
        if isinstance(allowed, OutsideError):
            note = f"{category.name} takes only tags of certain groups, which we may not see."
            yield Capability(what, "unknown", note, without="where it takes none of a topic's tags, the topic is refused")
            return
        yield self._verdict(what, category, wanted, {tag.tag for tag in there}, allowed, _fits(there))

    def _verdict(
        self, what: str, category: Category, wanted: tuple[str, ...], there: set[str], allowed: frozenset[str] | None, fits: Fits
    ) -> Capability:
        """What becomes of our tags."""
        spelt = [tag for name in wanted for tag in tags_as_kept([name])]
        refused = [tag for tag in spelt if allowed is not None and tag not in allowed]
        missing = [tag for tag in spelt if tag not in there and tag not in refused]
        if refused:
            mend = f"{category.name} ({category.id}), wrench, Tags: allow {_named(refused)}, or allow other tags as well."
            without = "a topic that has only such tags is refused"
            return Capability(what, "no", f"{category.name} does not take {_named(refused)}.", without=without, mend=mend, fits=fits)
        if missing and self._may_create_tags() is not True:
            mend = f"Admin, Tags: add a tag group, such as Meetings, with {', '.join(missing)}. Or let the account create tags."
            may = "may not create tags" if self._may_create_tags() is False else "may perhaps not create them"
            note = f"Of {len(spelt)} tags the forum has not {_named(missing)}, and our account {may}."
            return Capability(what, "advice", note, without="such a tag is left out, and told", mend=mend, fits=fits)
        note = f"{len(spelt)} tags, {len(missing)} of which will be new" if missing else f"the forum has all {len(spelt)}"
        return Capability(what, "ok", note, fits=fits)

    def _all_tags(self) -> tuple[ForumTag, ...] | OutsideError:
        if self._tags is None:
            self._tags = as_anybody(lambda anonymous: self._looks.tags(anonymous=anonymous), has_key=self._key.is_let_in)
        return self._tags if isinstance(self._tags, OutsideError) else self._tags.all

    def _may_create_tags(self) -> bool | None:
        if self._site is None:
            self._site = attempt(self._looks.site)
        return self._site.can_create_tag if isinstance(self._site, Site) else self._key.is_staff

    def _allowed(self, category: Category) -> frozenset[str] | OutsideError | None:
        """The only tags that a category takes; None where it takes all."""
        if category.allow_global_tags or not (category.allowed_tags or category.allowed_tag_groups):
            return None
        if not category.allowed_tag_groups:
            return frozenset(category.allowed_tags)
        groups = attempt(self._looks.tag_groups)
        if isinstance(groups, OutsideError):
            return groups
        of_groups = {tag for group in groups if group.name in category.allowed_tag_groups for tag in (*group.tag_names, *group.tags)}
        return frozenset(of_groups | set(category.allowed_tags))


def _fits(there: tuple[ForumTag, ...]) -> Fits:
    """Forums of 2026 number their tags."""
    return "both" if not there else "2026" if isinstance(there[0].id, int) else "2022"


def _named(tags: list[str]) -> str:
    rest = len(tags) - SOME
    return ", ".join(tags[:SOME]) + (f" and {rest} more" if rest > 0 else "")


def _absent(what: str, number: int, error: OutsideError) -> Capability:
    if error.kind not in ("missing", "rights"):
        return Capability(what, "unknown", error.sentence)
    note = f"There is no category {number}, or our account may not see it."
    mend = f"See whether {number} is the number at the end of the category's address. If it is: the category, wrench, Security: a group of the account may Create."
    return Capability(what, "no", note, without="nothing can be published there", mend=mend)
