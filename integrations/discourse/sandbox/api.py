"""The calls about topics and posts: what is asked, and the answer in Discourse's shape."""

from __future__ import annotations

from aiohttp import web

from integrations.discourse.sandbox import answers, shapes
from integrations.discourse.sandbox.creating import Creating
from integrations.discourse.sandbox.editing import Editing
from integrations.discourse.sandbox.gate import as_json, as_text, elsewhere, staff_of, viewer_of, writer_of
from integrations.discourse.sandbox.limits import Limits
from integrations.discourse.sandbox.moderating import Moderating
from integrations.discourse.sandbox.parameters import body_of, number, page
from integrations.discourse.sandbox.reading import Reading


def wants_raw(request: web.Request) -> bool:
    """Whether a call asks for the texts as they were written."""
    return request.query.get("include_raw") == "true"


class Api:
    """One method for each call."""

    def __init__(self, reading: Reading, creating: Creating, editing: Editing, moderating: Moderating, limits: Limits) -> None:
        self._reading = reading
        self._creating = creating
        self._editing = editing
        self._moderating = moderating
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """The addresses of topics, posts, revisions, the review queue and the search."""
        return [*self._post_routes(), *self._topic_routes()]

    def _post_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/session/current.json", self.session),
            web.get("/posts.json", self.latest_posts),
            web.post("/posts.json", self.create),
            web.get(r"/posts/{id:\d+}.json", self.post),
            web.put(r"/posts/{id:\d+}.json", self.edit_post),
            web.delete(r"/posts/{id:\d+}.json", self.delete_post),
            web.put(r"/posts/{id:\d+}/recover.json", self.recover_post),
            web.put(r"/posts/{id:\d+}/locked.json", self.lock),
            web.put(r"/posts/{id:\d+}/wiki.json", self.make_wiki),
            web.get(r"/posts/by_number/{topic_id:\d+}/{number:\d+}.json", self.numbered_post),
            web.get(r"/posts/{id:\d+}/revisions/{number:\d+|latest}.json", self.revision),
            web.put(r"/posts/{id:\d+}/revisions/{number:\d+}/{verb:hide|show}.json", self.hide_revision),
            web.delete(r"/posts/{id:\d+}/revisions/permanently_delete.json", self.destroy_revisions),
            web.get("/review.json", self.pending),
            web.put(r"/review/{id:\d+}/perform/{verb:approve_post|reject_post}.json", self.decide),
            web.get("/search.json", self.search),
            web.get("/search/query.json", self.search),
        ]

    def _topic_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/t/external_id/{external_id}.json", self.external_id),
            web.get("/t/external_id/{external_id}", self.external_id),
            web.get(r"/t/{id:\d+}.json", self.topic),
            web.put(r"/t/{id:\d+}.json", self.no_slug),
            web.delete(r"/t/{id:\d+}.json", self.delete_topic),
            web.get(r"/t/{id:\d+}/posts.json", self.posts_by_id),
            web.get(r"/t/{id:\d+}/post_ids.json", self.post_ids),
            web.get(r"/t/{id:\d+}/{near:\d+|last}.json", self.topic_near),
            web.put(r"/t/{id:\d+}/status.json", self.set_status),
            web.put(r"/t/{id:\d+}/recover.json", self.recover_topic),
            web.put(r"/t/{id:\d+}/tags.json", self.set_tags),
            web.put(r"/t/{id:\d+}/publish.json", self.publish),
            web.put(r"/t/{id:\d+}/change-timestamp.json", self.change_timestamp),
            web.get(r"/t/{slug}/{id:\d+}.json", self.topic),
            web.put(r"/t/{slug}/{id:\d+}.json", self.edit_topic),
            web.get(r"/t/{slug}/{id:\d+}/{near:\d+|last}.json", self.topic_near),
        ]

    # --- accounts, posts ----------------------------------------------------------------------------------------------

    async def session(self, request: web.Request) -> web.Response:
        """Whom the key speaks for; without a key there is nothing, not even a word."""
        viewer = viewer_of(request)
        if viewer is None:
            return web.Response(status=404, text="", content_type="text/plain", charset="utf-8")
        return as_json({"current_user": shapes.account(self._reading.database, viewer)})

    async def create(self, request: web.Request) -> web.Response:
        """A topic or a post. What waits for approval is a bare `null` to those who did not ask for `nested_post`."""
        body = body_of(request)
        status, answer = self._creating.create(writer_of(request), body)
        if status == 200 and str(body.get("nested_post", "")).lower() != "true":
            return as_json(answer.get("post"))
        return as_json(answer, status)

    async def latest_posts(self, request: web.Request) -> web.Response:
        """The newest posts."""
        before = request.query.get("before", "")
        return as_json(self._reading.shown_latest_posts(int(before) if before.isdecimal() else None, viewer_of(request)))

    async def post(self, request: web.Request) -> web.Response:
        """One post."""
        viewer = viewer_of(request)
        return as_json(self._reading.shown_post(*self._reading.post(number(request, "id"), viewer), viewer))

    async def numbered_post(self, request: web.Request) -> web.Response:
        """The same, by its topic and its number in it."""
        viewer = viewer_of(request)
        found = self._reading.numbered_post(number(request, "topic_id"), number(request, "number"), viewer)
        return as_json(self._reading.shown_post(*found, viewer))

    async def edit_post(self, request: web.Request) -> web.Response:
        """A post's new text."""
        return as_json(self._editing.edit_post(writer_of(request), number(request, "id"), body_of(request)))

    async def delete_post(self, request: web.Request) -> web.Response:
        """One post away."""
        self._moderating.delete_post(writer_of(request), number(request, "id"))
        return as_text("")

    async def recover_post(self, request: web.Request) -> web.Response:
        """One post back."""
        return as_json(self._moderating.recover_post(writer_of(request), number(request, "id")))

    async def lock(self, request: web.Request) -> web.Response:
        """A post that only the staff may change."""
        return as_json(self._moderating.lock(writer_of(request), number(request, "id"), body_of(request)))

    async def make_wiki(self, request: web.Request) -> web.Response:
        """A post that everybody may change."""
        self._moderating.make_wiki(writer_of(request), number(request, "id"), body_of(request))
        return as_text("")

    async def revision(self, request: web.Request) -> web.Response:
        """What a post said before."""
        wanted = request.match_info["number"]
        revision = None if wanted == "latest" else number(request, "number")
        return as_json(self._reading.revision(number(request, "id"), revision, viewer_of(request)))

    async def hide_revision(self, request: web.Request) -> web.Response:
        """A revision that only the staff may see from now on, or again everybody."""
        hidden = request.match_info["verb"] == "hide"
        self._moderating.hide_revision(writer_of(request), number(request, "id"), number(request, "number"), hidden=hidden)
        return as_text("")

    async def destroy_revisions(self, request: web.Request) -> web.Response:
        """What a post said before, for good."""
        self._moderating.destroy_revisions(writer_of(request), number(request, "id"))
        return as_text("")

    async def pending(self, request: web.Request) -> web.Response:
        """What waits for approval."""
        staff_of(request)
        return as_json(self._creating.pending())

    async def decide(self, request: web.Request) -> web.Response:
        """Whether something that waits is published."""
        staff_of(request)
        return as_json(self._creating.decide(number(request, "id"), approved=request.match_info["verb"] == "approve_post"))

    async def search(self, request: web.Request) -> web.Response:
        """Topics that hold all the words. Over the limit this is no error but an empty answer."""
        viewer = viewer_of(request)
        query = request.query.get("q", request.query.get("term", ""))
        allowed = not query.strip() or self._limits.allows_search(viewer)
        return as_json(self._reading.found(query, viewer, page=page(request, first=1), allowed=allowed), robots=False)

    # --- topics -------------------------------------------------------------------------------------------------------

    async def topic(self, request: web.Request) -> web.Response:
        """A topic; with a slug that is not its own, where it is."""
        topic_id, viewer = number(request, "id"), viewer_of(request)
        whole = request.query.get("print") == "true"
        answer = self._reading.topic_page(topic_id, viewer, page=page(request, first=1), with_raw=wants_raw(request), whole=whole)
        if request.match_info.get("slug", answer["slug"]) != answer["slug"]:
            return elsewhere(request, f"/t/{answer['slug']}/{topic_id}.json")
        return as_json(answer, robots=bool(answer["visible"]))

    async def topic_near(self, request: web.Request) -> web.Response:
        """A topic, opened at one of its posts."""
        topic_id, near = number(request, "id"), request.match_info["near"]
        post = None if near == "last" else number(request, "near")
        answer = self._reading.topic_near(topic_id, post, viewer_of(request), with_raw=wants_raw(request))
        if request.match_info.get("slug", answer["slug"]) != answer["slug"]:
            return elsewhere(request, f"/t/{answer['slug']}/{topic_id}/{near}.json")
        return as_json(answer, robots=bool(answer["visible"]))

    async def external_id(self, request: web.Request) -> web.Response:
        """Where the topic with an external id is."""
        topic = self._reading.external_id(request.match_info["external_id"], viewer_of(request))
        return elsewhere(request, f"/t/{topic.slug}/{topic.id}.json?page=")

    async def posts_by_id(self, request: web.Request) -> web.Response:
        """Some posts of a topic."""
        topic_id, viewer, raw = number(request, "id"), viewer_of(request), wants_raw(request)
        beside = request.query.get("post_number", "")
        if beside.isdecimal():
            after = request.query.get("asc") == "true"
            return as_json(self._reading.posts_beside(topic_id, int(beside), viewer, after=after, with_raw=raw))
        ids = [int(each) for each in request.query.getall("post_ids[]", []) if each.isdecimal()]
        return as_json(self._reading.posts_by_id(topic_id, ids, viewer, with_raw=raw))

    async def post_ids(self, request: web.Request) -> web.Response:
        """The ids of a topic's posts after the one with a number."""
        topic = self._reading.open_topic(number(request, "id"), viewer_of(request))
        after = request.query.get("post_number", "0")
        first = int(after) if after.isdecimal() else 0
        return as_json({"post_ids": [post.id for post in self._reading.posts(topic) if post.number > first]})

    async def edit_topic(self, request: web.Request) -> web.Response:
        """A topic's new title, tags or category."""
        return as_json(self._editing.edit_topic(writer_of(request), number(request, "id"), body_of(request)))

    async def set_tags(self, request: web.Request) -> web.Response:
        """A topic's new tags."""
        return as_json(self._editing.set_tags(writer_of(request), number(request, "id"), body_of(request)))

    async def publish(self, request: web.Request) -> web.Response:
        """A draft, moved to where everybody reads it."""
        return as_json(self._editing.publish(writer_of(request), number(request, "id"), body_of(request)))

    async def no_slug(self, request: web.Request) -> web.Response:
        """Without a slug in the path a topic cannot be changed."""
        raise answers.not_permitted()

    async def set_status(self, request: web.Request) -> web.Response:
        """Closed, archived, unlisted, pinned."""
        return as_json(self._moderating.set_status(writer_of(request), number(request, "id"), body_of(request)))

    async def change_timestamp(self, request: web.Request) -> web.Response:
        """Another beginning of a topic."""
        return as_json(self._moderating.change_timestamp(writer_of(request), number(request, "id"), body_of(request)))

    async def delete_topic(self, request: web.Request) -> web.Response:
        """One topic away."""
        self._moderating.delete_topic(writer_of(request), number(request, "id"))
        return as_text("")

    async def recover_topic(self, request: web.Request) -> web.Response:
        """One topic back."""
        self._moderating.recover_topic(writer_of(request), number(request, "id"))
        return as_text("")
