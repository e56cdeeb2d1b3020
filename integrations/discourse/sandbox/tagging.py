"""Tags: which ones a topic gets of those that were asked for, and what is told about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from integrations.discourse import wire
from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.rows import Category, User
from integrations.discourse.sandbox.settings import SiteSettings

ONE_UNUSABLE = "The tag you selected cannot be used"
NONE_USABLE = "None of the tags you selected can be used"
NOT_TAGGED = "There was an error tagging the topic."
CANNOT_MOVE = "This topic has tags not allowed by this category: {tags}"


class Tagging:
    """The tags of the site, their groups, and the rules of categories about them."""

    def __init__(self, database: Database, settings: SiteSettings) -> None:
        self._database = database
        self._settings = settings

    # --- what a topic gets --------------------------------------------------------------------------------------------

    def accepted(self, user: User, wanted: Sequence[str], category: Category) -> tuple[list[str], list[str]]:
        """The tags that a topic gets in a category, and why it gets none. What is not used is dropped without a word."""
        kept = wire.tags_as_kept(wanted)[: self._settings.get("max_tags_per_topic", int)]
        creates = user.staff or user.trust_level >= self._settings.get("min_trust_to_create_tag", int)
        known = [name for name in kept if creates or self.exists(name)]
        usable = self._without_rivals([name for name in known if self._is_usable(name, category)])
        if known and not usable:
            return [], [ONE_UNUSABLE if len(known) == 1 else NONE_USABLE]
        faults = [] if user.staff else self._lacking(usable, category)
        return usable[::-1], faults  # their order comes back different

    def keep(self, names: Iterable[str]) -> None:
        """Remember tags, so that everybody may use them."""
        for name in names:
            self._database.execute("INSERT OR IGNORE INTO tags (name) VALUES (?)", name)

    def forbidden(self, names: Iterable[str], category: Category) -> list[str]:
        """Those of a topic's tags with which it cannot move into a category."""
        return [name for name in names if not self._is_usable(name, category)]

    def exists(self, name: str) -> bool:
        """Whether there is a tag of this name."""
        return self._database.row("SELECT 1 FROM tags WHERE name = ?", name) is not None

    def _is_usable(self, name: str, category: Category) -> bool:
        """A category with tags of its own takes only these; they are for no other category."""
        own = self._tags_of(category)
        return name in own if own else not any(name in self._tags_of(other) for other in self._every_category())

    def _tags_of(self, category: Category) -> set[str]:
        groups = self.groups()
        return set(category.tag_names) | {tag for name in category.tag_group_names for tag in groups.get(name, [])}

    def _every_category(self) -> list[Category]:
        return [Category.of(row) for row in self._database.rows("SELECT * FROM categories")]

    def _without_rivals(self, names: Sequence[str]) -> list[str]:
        """Of a group that gives each topic one tag only, two tags at once take each other away."""
        rows = self._database.rows("SELECT tags FROM tag_groups WHERE one_per_topic = 1")
        exclusive: list[set[str]] = [set(json.loads(row["tags"])) for row in rows]
        return [name for name in names if not any(name in group and len(group & set(names)) > 1 for group in exclusive)]

    def _lacking(self, names: Sequence[str], category: Category) -> list[str]:
        if len(names) < category.minimum_tags:
            return [f"You must select at least {category.minimum_tags} tag{'' if category.minimum_tags == 1 else 's'}."]
        required = self.groups().get(category.required_tag_group or "")
        if required is not None and not set(required) & set(names):
            return [f"You must include at least 1 {category.required_tag_group} tag."]
        return []

    # --- what is told -------------------------------------------------------------------------------------------------

    def groups(self) -> dict[str, list[str]]:
        """The tag groups: name -> tags."""
        return {row["name"]: json.loads(row["tags"]) for row in self._database.rows("SELECT * FROM tag_groups ORDER BY name")}

    def count(self, name: str) -> int:
        """How many topics that everybody sees have a tag."""
        public = {category.id for category in self._database.categories(None)}
        return sum(name in topic.tag_names and topic.category_id in public for topic in self._database.topics())

    def used(self) -> list[str]:
        """The tags that topics have which everybody sees, the most used one first."""
        names = [row["name"] for row in self._database.rows("SELECT name FROM tags ORDER BY name")]
        counted = {name: self.count(name) for name in names}
        return sorted((name for name in names if counted[name]), key=lambda name: -counted[name])

    def listed(self, viewer: User | None) -> Json:
        """All tags; those without topics are only told to admins."""
        names = [row["name"] for row in self._database.rows("SELECT name FROM tags ORDER BY name")]
        shown = [name for name in names if (viewer is not None and viewer.admin) or self.count(name)]
        return {"tags": [self._entry(name) for name in shown], "extras": {"categories": []}}

    def found(self, term: str, limit: int, category: Category | None) -> Json:
        """The tags whose name holds a term, as somebody who types it is offered them."""
        names = [row["name"] for row in self._database.rows("SELECT name FROM tags WHERE instr(name, ?) > 0 ORDER BY name", term.lower())]
        usable = [name for name in names if category is None or self._is_usable(name, category)]
        return {"results": [self._entry(name) for name in usable[:limit]]}

    def info(self, name: str) -> Json:
        """One tag."""
        groups = [group for group, tags in self.groups().items() if name in tags]
        taken = [category for category in self._every_category() if name in self._tags_of(category)]
        info = self.brief(name) | {
            "synonyms": [],
            "tag_group_names": groups,
            "category_restricted": bool(taken),
            "category_ids": [category.id for category in taken],
        }
        return {"categories": [], "tag_info": info}

    def brief(self, name: str) -> Json:
        """One tag, above the list of its topics."""
        row = self._database.row("SELECT id FROM tags WHERE name = ?", name)
        if row is None:
            raise answers.not_found()
        return {"id": row["id"], "name": name, "topic_count": self.count(name), "staff": False, "description": None}

    def _entry(self, name: str) -> Json:
        return {"id": name, "text": name, "name": name, "description": None, "count": self.count(name), "pm_count": 0, "target_tag": None}

    # --- what staff changes -------------------------------------------------------------------------------------------

    def shown_groups(self) -> Json:
        """All tag groups."""
        rows = self._database.rows("SELECT id FROM tag_groups ORDER BY name")
        return {"tag_groups": [self.shown_group(row["id"]) for row in rows]}

    def shown_group(self, group_id: int) -> Json:
        """One tag group."""
        row = self._database.row("SELECT * FROM tag_groups WHERE id = ?", group_id)
        if row is None:
            raise answers.not_found()
        return {
            "id": row["id"],
            "name": row["name"],
            "tag_names": json.loads(row["tags"]),
            "parent_tag_name": [],
            "one_per_topic": bool(row["one_per_topic"]),
            "permissions": {"everyone": 1},
        }

    def keep_group(self, name: str, tags: Sequence[str], *, one_per_topic: bool, group_id: int | None = None) -> int:
        """A new tag group, or one with other tags; its number."""
        kept = list(dict.fromkeys(filter(None, map(wire.tag_as_kept, tags))))
        self.keep(kept)
        there = self._database.row("SELECT id FROM tag_groups WHERE id IS ? OR name = ?", group_id, name)
        if there is None:
            return self._database.insert("tag_groups", name=name, tags=json.dumps(kept), one_per_topic=int(one_per_topic))
        self._database.update("tag_groups", there["id"], name=name, tags=json.dumps(kept), one_per_topic=int(one_per_topic))
        return int(there["id"])

    def rename(self, name: str, new: str) -> str:
        """Another name for a tag, on all its topics."""
        self.brief(name)
        kept = wire.tag_as_kept(new)
        self._database.execute("UPDATE tags SET name = ? WHERE name = ?", kept, name)
        self._replace(name, [kept])
        return kept

    def delete(self, name: str) -> None:
        """A tag away, from all its topics."""
        self.brief(name)
        self._database.execute("DELETE FROM tags WHERE name = ?", name)
        self._replace(name, [])

    def _replace(self, name: str, by: list[str]) -> None:
        for table in ("topics", "tag_groups"):
            for row in self._database.rows(f"SELECT id, tags FROM {table}"):
                before: list[str] = json.loads(row["tags"])
                after = [new for tag in before for new in (by if tag == name else [tag])]
                self._database.update(table, row["id"], tags=json.dumps(after))
