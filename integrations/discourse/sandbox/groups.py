"""Groups: who is in them, and who may know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import web

from integrations.discourse.sandbox import answers, shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.gate import as_json, viewer_of, writer_of
from integrations.discourse.sandbox.instants import stamp
from integrations.discourse.sandbox.parameters import body_of, number, page
from integrations.discourse.sandbox.rows import Group, User

PER_PAGE, MOST = 50, 1000
PUBLIC, LOGGED_ON, MEMBERS, STAFF, OWNERS = range(5)
"""Who may see a group, or its members; each narrower than the one before. Admins see everything."""
_AUTOMATIC = {"admins": 1, "moderators": 2, "staff": 3} | {f"trust_level_{level}": 10 + level for level in range(5)}
ALREADY = "'{name}' is already a member of this group."


class Groups:
    """One method for each call, and what the tests do with groups."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """The addresses of groups."""
        return [
            web.get("/groups.json", self.index),
            web.get(r"/groups/{id:\d+}/members.json", self.members),
            web.put(r"/groups/{id:\d+}/members.json", self.add_members),
            web.delete(r"/groups/{id:\d+}/members.json", self.remove_members),
            web.get("/groups/{name}.json", self.group),
            web.get("/groups/{name}/members.json", self.members),
        ]

    # --- reading ------------------------------------------------------------------------------------------------------

    async def index(self, request: web.Request) -> web.Response:
        """The groups that the caller may see."""
        viewer, at = viewer_of(request), page(request, first=0)
        rows = [Group.of(row) for row in self._database.rows("SELECT * FROM groups ORDER BY name")]
        seen = [group for group in rows if self._is_seen(group, viewer, group.visibility)]
        shown = [self._shown(group, viewer) for group in seen[at * 36 : (at + 1) * 36]]
        more = {"total_rows_groups": len(seen), "load_more_groups": f"/groups?page={at + 1}"}
        return as_json({"groups": shown, "extras": {"type_filters": ["public", "close"]}} | more, robots=False)

    async def group(self, request: web.Request) -> web.Response:
        """One group."""
        viewer = viewer_of(request)
        group = self._found(request.match_info["name"], viewer)
        return as_json({"group": self._shown(group, viewer), "extras": {"visible_group_names": [group.name]}}, robots=False)

    async def members(self, request: web.Request) -> web.Response:
        """Who is in a group, some at a time. The automatic groups are for accounts."""
        viewer = viewer_of(request)
        name = request.match_info.get("name", "")
        if name in _AUTOMATIC:
            if viewer is None:
                raise answers.not_found()
            people = [(user, stamp(self._clock()), False) for user in self._database.users() if name in user.groups]
        else:
            group = self._found(name or number(request, "id"), viewer)
            if not self._is_seen(group, viewer, group.members_visibility):
                raise answers.not_permitted()
            people = self._members(group)
        limit, offset = (self._asked(request, name, usual) for name, usual in (("limit", PER_PAGE), ("offset", 0)))
        limit = max(1, min(limit, MOST))
        shown = [_member(user, added_at) for user, added_at, _ in people[offset : offset + limit]]
        owners = [_member(user, added_at) for user, added_at, owner in people if owner]
        meta = {"total": len(people), "limit": limit, "offset": offset}
        return as_json({"members": shown, "owners": owners, "meta": meta}, robots=False)

    def _asked(self, request: web.Request, name: str, usual: int) -> int:
        value = request.query.get(name, "")
        return min(int(value), 10**9) if value.isdecimal() else usual

    def _found(self, id_or_name: int | str, viewer: User | None) -> Group:
        group = self._database.group(id_or_name)
        if group is None or not self._is_seen(group, viewer, group.visibility):
            raise answers.not_found()
        return group

    def _is_seen(self, group: Group, viewer: User | None, level: int) -> bool:
        if level == PUBLIC or (viewer is not None and viewer.admin):
            return True
        if viewer is None:
            return False
        owns = any(owner and user.id == viewer.id for user, _, owner in self._members(group))
        return owns or {LOGGED_ON: True, MEMBERS: group.name in viewer.groups, STAFF: viewer.staff}.get(level, False)

    def _members(self, group: Group) -> list[tuple[User, str, bool]]:
        rows = self._database.rows("SELECT * FROM members WHERE group_id = ? ORDER BY rowid", group.id)
        return [(self._database.user(row["user_id"]), row["added_at"], bool(row["owner"])) for row in rows]

    def _shown(self, group: Group, viewer: User | None) -> Json:
        return {
            "id": group.id,
            "automatic": False,
            "name": group.name,
            "user_count": len(self._members(group)),
            "mentionable_level": 99,
            "messageable_level": 99,
            "visibility_level": group.visibility,
            "full_name": group.full_name,
            "members_visibility_level": group.members_visibility,
            "can_see_members": self._is_seen(group, viewer, group.members_visibility),
        }

    # --- changing -----------------------------------------------------------------------------------------------------

    async def add_members(self, request: web.Request) -> web.Response:
        """Let some people into a group."""
        group, people = self._asked_of_admin(request)
        there = {user.id for user, _, _ in self._members(group)}
        again = [user.username for user in people if user.id in there]
        if again:
            raise answers.unacceptable(ALREADY.format(name=again[0]))
        self.join(group.id, people)
        return as_json({"success": "OK", "usernames": [user.username for user in people], "emails": []})

    async def remove_members(self, request: web.Request) -> web.Response:
        """Let some people go."""
        group, people = self._asked_of_admin(request)
        for user in people:
            self._database.execute("DELETE FROM members WHERE group_id = ? AND user_id = ?", group.id, user.id)
        return as_json({"success": "OK", "usernames": [user.username for user in people], "skipped_usernames": []})

    def _asked_of_admin(self, request: web.Request) -> tuple[Group, list[User]]:
        if not writer_of(request).admin:
            raise answers.not_permitted()
        group = self._database.group(number(request, "id"))
        if group is None:
            raise answers.not_found()
        names = str(body_of(request).get("usernames", "")).split(",")
        return group, [user for user in map(self._database.user_named, names) if user is not None]

    def make(self, name: str, people: Sequence[User], *, visibility: int, members_visibility: int, owners: Sequence[str]) -> int:
        """A group with these people in it; its number. One that is there gets them as well."""
        there = self._database.group(name)
        group_id = (
            there.id
            if there
            else self._database.insert("groups", name=name, full_name=name, visibility=visibility, members_visibility=members_visibility)
        )
        self.join(group_id, people, owners=owners)
        return group_id

    def join(self, group_id: int, people: Sequence[User], *, owners: Sequence[str] = ()) -> None:
        """Let people into a group."""
        now = stamp(self._clock())
        for user in people:
            owner = int(user.username in owners)
            self._database.execute("INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)", group_id, user.id, owner, now)


def _member(user: User, added_at: str) -> Json:
    return shapes.poster(user) | {"title": None, "last_posted_at": None, "last_seen_at": None, "added_at": added_at, "timezone": None}
