"""What readers without an account get outside the pages: feeds, and the texts as they were written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from aiohttp import web

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.gate import as_json, as_text, elsewhere, viewer_of
from integrations.discourse.sandbox.instants import in_raw_texts, in_words
from integrations.discourse.sandbox.lists import PER_PAGE, Lists
from integrations.discourse.sandbox.parameters import number, page
from integrations.discourse.sandbox.reading import Reading, blurb
from integrations.discourse.sandbox.rows import Post, Topic
from integrations.discourse.sandbox.tagging import Tagging

RAW_PAGE = 100
_ROBOTS = """# See http://www.robotstxt.org/robotstxt.html for documentation on how to use the robots.txt file
#
User-agent: *
Disallow: /admin/
Disallow: /auth/
Disallow: /email/
Disallow: /session
Disallow: /user-api-key
Disallow: /*?api_key*
Disallow: /u/
Disallow: /my
Disallow: /search
Disallow: /g
Disallow: /t/*/*.rss
Disallow: /c/*.rss
"""
_NAMESPACES = (
    'xmlns:discourse="http://www.discourse.org/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


class Feeds:
    """One method for each address."""

    def __init__(self, reading: Reading, lists: Lists, tagging: Tagging) -> None:
        self._reading = reading
        self._lists = lists
        self._tagging = tagging

    def routes(self) -> list[web.RouteDef]:
        """The feeds, the raw texts, and what tells search engines where not to go."""
        return [
            web.get("/latest.rss", self.latest),
            web.get("/posts.rss", self.posts),
            web.get(r"/c/{path:[^{}]*?}/{id:\d+}.rss", self.category),
            web.get("/tag/{name}.rss", self.tag),
            web.get(r"/t/{slug}/{id:\d+}.rss", self.topic),
            web.get(r"/raw/{id:\d+}", self.raw_topic),
            web.get(r"/raw/{id:\d+}/{number:\d+}", self.raw_post),
            web.get(r"/posts/{id:\d+}/raw", self.raw_post_by_id),
            web.get(r"/posts/{id:\d+}/raw.json", self.raw_post_by_id),
            web.get(r"/posts/{id:\d+}/cooked.json", self.cooked),
            web.get(r"/p/{id:\d+}", self.short_link),
            web.get("/robots.txt", self.robots),
        ]

    # --- feeds --------------------------------------------------------------------------------------------------------

    async def latest(self, request: web.Request) -> web.Response:
        """The latest topics."""
        topics = self._lists.public(viewer_of(request), pinned_globally=True)
        return self._topics(request, f"{self._title} - Latest topics", "/latest", "Latest topics", topics)

    async def category(self, request: web.Request) -> web.Response:
        """A category's topics."""
        viewer = viewer_of(request)
        category = self._reading.category(number(request, "id"), viewer)
        about = f"Topics in the '{category.name}' category "
        path = f"/c/{self._reading.path(category)}"
        return self._topics(request, f"{category.name} - {self._title}", path, about, self._lists.in_category(category, viewer))

    async def tag(self, request: web.Request) -> web.Response:
        """The topics with a tag."""
        name = request.match_info["name"]
        self._tagging.brief(name)
        topics = [topic for topic in self._lists.public(viewer_of(request)) if name in topic.tag_names]
        about = f"Topics tagged {name}"
        answer = self._topics(request, f"{self._title} - {about}", f"/tag/{name}", about, topics)
        answer.headers["X-Robots-Tag"] = "noindex"
        return answer

    async def posts(self, request: web.Request) -> web.Response:
        """The latest posts of the site."""
        base, items = _base(request), []
        for post, topic in self._reading.latest_posts(None, viewer_of(request)):
            author = self._reading.database.user(post.user_id).username
            items.append(
                f"<item><title>{escape(topic.title)}</title><dc:creator><![CDATA[@{author} {author}]]></dc:creator>"
                f"<description><![CDATA[ {_inside(post.cooked)} ]]></description><link>{base}{_path(topic)}/{post.number}</link>"
                f'<pubDate>{in_words(post.created_at)}</pubDate><guid isPermaLink="false">{request.url.host}-post-{post.id}</guid></item>'
            )
        answer = _feed(
            f"<title>{escape(self._title)} - Latest posts</title><link>{base}</link><description>Latest posts</description>", items
        )
        answer.headers["X-Robots-Tag"] = "noindex"
        return answer

    async def topic(self, request: web.Request) -> web.Response:
        """A topic's posts, the newest first."""
        viewer, base = viewer_of(request), _base(request)
        topic = self._reading.topic(number(request, "id"), viewer)
        if request.match_info["slug"] != topic.slug:
            return elsewhere(request, f"{_path(topic)}.rss")
        posts = self._reading.posts(topic)
        category = self._reading.database.category(topic.category_id)
        items = [self._topic_item(request, topic, post) for post in reversed(posts) if post.cooked]
        head = (
            f"<title>{escape(topic.title)}</title><link>{base}{_path(topic)}</link>"
            f"<description>{escape(blurb(posts[0].cooked)) if posts else ''}</description><category>{escape(category.name if category else '')}</category>"
            f'<atom:link href="{base}{_path(topic)}.rss" rel="self" type="application/rss+xml" />'
        )
        return _feed(head, items)

    def _topic_item(self, request: web.Request, topic: Topic, post: Post) -> str:
        link = f"{_base(request)}{_path(topic)}/{post.number}"
        author = self._reading.database.user(post.user_id).username
        return (
            f"<item><title>{escape(topic.title)}</title><dc:creator><![CDATA[{author}]]></dc:creator>"
            f'<description><![CDATA[{_inside(post.cooked)}<p><a href="{link}">Read full topic</a></p>]]></description><link>{link}</link>'
            f'<pubDate>{in_words(post.created_at)}</pubDate><guid isPermaLink="false">{request.url.host}-post-{topic.id}-{post.number}</guid></item>'
        )

    def _topics(self, request: web.Request, title: str, path: str, about: str, topics: Sequence[Topic]) -> web.Response:
        base = _base(request)
        head = (
            f"<title>{escape(title)}</title><link>{base}{path}</link><description>{escape(about)}</description>"
            f'<atom:link href="{base}{path}.rss" rel="self" type="application/rss+xml" />'
        )
        return _feed(head, [self._listed(request, topic) for topic in topics[:PER_PAGE]])

    def _listed(self, request: web.Request, topic: Topic) -> str:
        database, link = self._reading.database, f"{_base(request)}{_path(topic)}"
        category = database.category(topic.category_id)
        flags = (("Pinned", topic.pinned_at), ("Closed", topic.closed), ("Archived", topic.archived))
        marks = "".join(f"<discourse:topic{name}>{'Yes' if on else 'No'}</discourse:topic{name}>" for name, on in flags)
        return (
            f"<item><title>{escape(topic.title)}</title><dc:creator><![CDATA[{database.user(topic.user_id).username}]]></dc:creator>"
            f"<category>{escape(category.name if category else '')}</category>"
            f"<description><![CDATA[{_inside(database.first_post(topic.id).cooked)}]]></description><link>{link}</link>"
            f'<pubDate>{in_words(topic.created_at)}</pubDate>{marks}<guid isPermaLink="false">{request.url.host}-topic-{topic.id}</guid></item>'
        )

    @property
    def _title(self) -> str:
        return self._reading.settings.get("title", str)

    # --- texts --------------------------------------------------------------------------------------------------------

    async def raw_topic(self, request: web.Request) -> web.Response:
        """A topic's posts as they were written, a hundred to a page."""
        topic = self._reading.topic(number(request, "id"), viewer_of(request))
        at = max(1, page(request, first=1))
        posts = self._reading.posts(topic)[(at - 1) * RAW_PAGE : at * RAW_PAGE]
        return as_text(
            "".join(
                f"{self._reading.database.user(post.user_id).username} | {in_raw_texts(post.created_at)} | #{post.number}\n\n"
                f"{post.raw}\n\n-------------------------\n\n"
                for post in posts
            )
        )

    async def raw_post(self, request: web.Request) -> web.Response:
        """One post as it was written, or as a revision left it."""
        viewer = viewer_of(request)
        topic = self._reading.topic(number(request, "id"), viewer)
        post, _ = self._reading.numbered_post(topic.id, number(request, "number"), viewer)
        revision = request.query.get("revision", "")
        return as_text(self._revised(post, int(revision), request) if revision.isdecimal() else post.raw)

    def _revised(self, post: Post, revision: int, request: web.Request) -> str:
        self._reading.revision(post.id, revision, viewer_of(request))  # refuses those who may not see it
        kept = next(each for each in self._reading.database.revisions(post.id, with_hidden=True) if each.number == revision)
        changes: dict[str, list[str]] = json.loads(kept.changes)
        if "raw" not in changes:
            raise answers.not_found()
        return changes["raw"][-1]

    async def raw_post_by_id(self, request: web.Request) -> web.Response:
        """One post as it was written."""
        post, _ = self._reading.post(number(request, "id"), viewer_of(request))
        return as_text(post.raw)

    async def cooked(self, request: web.Request) -> web.Response:
        """One post as it is read."""
        post, _ = self._reading.post(number(request, "id"), viewer_of(request))
        return as_json({"cooked": post.cooked})

    async def short_link(self, request: web.Request) -> web.Response:
        """Where a post is."""
        post, topic = self._reading.post(number(request, "id"), viewer_of(request))
        return elsewhere(request, f"{_path(topic)}/{post.number}", status=302)

    async def robots(self, request: web.Request) -> web.Response:
        """Where search engines are not to go."""
        return as_text(_ROBOTS)


def _base(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _path(topic: Topic) -> str:
    return f"/t/{topic.slug}/{topic.id}"


def _inside(cooked: str) -> str:
    """A text within CDATA, which it must not end."""
    return cooked.replace("]]>", "]]&gt;")


def _feed(head: str, items: Sequence[str]) -> web.Response:
    text = (
        f'<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0" {_NAMESPACES}>\n<channel>{head}\n'
        + "\n".join(items)
        + "\n</channel>\n</rss>\n"
    )
    return web.Response(text=text, content_type="application/rss+xml", charset="utf-8")
