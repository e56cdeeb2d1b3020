"""What an answer comes down to: what we read of it, so that two answers that we understand alike compare equal."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, get_args, get_origin

import requests
import responses
from pydantic import BaseModel

from integrations.discourse import hook_admin, wire
from integrations.discourse.client import Discourse
from peerplugin.errors import OutsideError
from tests.contract.recordings import Recording
from tests.contract.replay import Replay

Outline = dict[str, Any]
Said = Callable[[Any, str], Any]
"""A value and its name, to the value in the words of this run."""

MODELS: list[tuple[str, type[BaseModel]]] = [
    (r"GET /session/current", wire.Session),
    (r"POST /posts\.json .*nested", wire.Created),
    (r"POST /posts\.json", wire.Post),
    (r"GET /posts/\d+/revisions", wire.Revisions),
    (r"GET /posts/\d+\.json", wire.Post),
    (r"PUT /posts/\d+\.json", wire.Edited),
    (r"GET /posts\.json", wire.LatestPosts),
    (r"GET /t/\d+/posts", wire.PostPage),
    (r"GET /t/(?!external_id)[^?]*\.json", wire.Topic),
    (r"PUT /t/[^/]+/\d+\.json", wire.Retitled),
    (r"GET /c/.*(show|find_by_slug)\.json", wire.CategoryAnswer),
    (r"GET /search\.json", wire.Found),
    (r"GET /admin/api/web_hooks\.json", hook_admin._Page),
    (r"(POST|PUT|GET) /admin/api/web_hooks(/\d+)?\.json", hook_admin._One),
    (r"GET /admin/api/web_hooks/\d+/events", hook_admin._Events),
]
"""What we read an answer as."""

TOPIC = ("title", "slug", "tags", "external_id", "closed", "archived", "visible", "pinned_globally", "!pinned_at", "!deleted_at")
POST = ("raw", "cooked", "post_number", "post_type", "action_code", "user_deleted", "locked", "edit_reason", "!deleted_at")
VALUES: list[tuple[str, tuple[str, ...]]] = [
    (r"GET /t/(?!external_id)[^?]*\.json", TOPIC),
    (r"(GET|PUT) /posts/\d+\.json|POST /posts\.json", POST),
    (r"PUT /t/\d+/status", ("success", "topic_status_update")),
    (r"GET /posts/\d+/revisions", ("current_revision", "current_version", "edit_reason", "previous_hidden", "current_hidden")),
    (r"GET /search", ("error",)),
    (r"GET /c/.*\.json", ("read_restricted", "permission")),
    (r"GET /groups/[^/]+\.json", ("name", "user_count", "can_see_members")),
    (r"GET /session/current", ("trust_level", "admin", "moderator")),
]
"""Which values have to be the same (none, false and absent are alike); of one with `!` only whether there is any."""


def expected(then: Recording, replay: Replay) -> Outline:
    """What the recorded answer comes down to, in the words of this run."""
    return _outline(then, then.answer(), replay, is_then=True)


def found(then: Recording, now: requests.Response, replay: Replay) -> Outline:
    """What the answer here comes down to."""
    return _outline(then, now, replay, is_then=False)


def _outline(then: Recording, answer: requests.Response, replay: Replay, *, is_then: bool) -> Outline:
    """Status, kind of body, whom the forum took us for, and of the body what we read; of then in the words of this run."""
    status, media_type = answer.status_code, answer.headers.get("Content-Type", "").split(";")[0]
    whole: Outline = {"status": status, "media_type": media_type, "we_read": reading(then, answer)}
    username = answer.headers.get("X-Discourse-Username")
    whole["username"] = replay.username(username) if is_then and username else username
    if status in (301, 302):
        address = re.sub(r"https?://[^/]+", "", answer.headers["Location"])
        whole["location"] = replay.path(address) if is_then else address
    elif status >= 400 and media_type == "text/html":
        pass  # every forum has its own page
    elif status >= 400 or media_type in ("application/json", ""):
        body = _json(answer)
        whole |= _of_json(then, status, body, replay.value if is_then else _as_it_is)
        if "/revisions/" in then.path and isinstance(body, dict) and status == 200:
            whole["words"] = _words(body, replay, is_then=is_then)
    elif media_type == "text/plain":
        text = re.sub(r"[\w-]+ \| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "-- | --", answer.text)
        whole["text"] = replay.fresh.text(text) if is_then else text
    else:
        whole["sentences"] = _sentences(answer.text, replay, is_then=is_then)
    return whole


def differences(found: Outline, expected: Outline, ignored: Collection[str] = (), at: str = "") -> Iterator[str]:
    """Where two outlines are not the same, a line each; `ignored` are patterns of what is let be."""
    for name in dict.fromkeys([*expected, *found]):
        was, now = expected.get(name), found.get(name)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from differences(now, was, ignored, f"{at}{name}.")
        elif was != now and not any(fnmatchcase(f"{at}{name}", each) for each in ignored):
            yield f"{at}{name}: Discourse {was!r}, here {now!r}"


class Leap:
    """A clock that does not wait: it is later at once."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """Seconds since the beginning."""
        return self.seconds

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        """So long, or until there is something to do."""
        if seconds is None:
            news.wait()
        else:
            self.seconds += seconds


@contextmanager
def serving(then: Recording, answer: requests.Response) -> Iterator[Discourse]:
    """Our client before a forum that gives this one answer."""
    address = f"https://forum.example.org{then.path.partition('?')[0]}"
    with responses.RequestsMock() as mock:
        mock.add(then.method, address, answer.content, status=answer.status_code, headers=_plain(answer.headers))
        client = Discourse("https://forum.example.org", api_key="k", username="u", clock=Leap())
        try:
            yield client
        finally:
            client.close()


def reading(then: Recording, answer: requests.Response) -> str:
    """What our client makes of an answer: the kind of trouble, or that it is good."""
    with serving(then, answer) as client:
        try:
            ask(client, then)
        except OutsideError as error:
            return f"{error.kind}, wait" if error.kind == "rate_limited" and error.retry_after_s else error.kind
    return "good"


def ask(client: Discourse, then: Recording) -> None:
    """Let our client make a recorded call."""
    path = then.path.partition("?")[0]
    if then.method in ("GET", "HEAD"):
        client.get(path, may_redirect="/external_id/" in path)
    elif then.method == "DELETE":
        client.delete(path)
    else:
        (client.post if then.method == "POST" else client.put)(path, {})


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in ("content-length", "content-encoding", "transfer-encoding", "date", "server")
    }


# --- bodies -----------------------------------------------------------------------------------------------------------


def _as_it_is(value: Any, name: str) -> Any:
    return value


def model_of(then: Recording) -> type[BaseModel] | None:
    """What we read the good answer to a question as; None where we do not ask it, or only look at its status."""
    return next((model for pattern, model in MODELS if re.match(pattern, _line(then))), None)


def _line(then: Recording) -> str:
    return f"{then.method} {then.path} {'nested' if isinstance(then.sent, dict) and 'nested_post' in then.sent else ''}"


def _of_json(then: Recording, status: int, body: Any, said: Said) -> Outline:
    if not isinstance(body, dict):
        return {"body": body}
    if status >= 400:
        return {"error": _error(body)}
    names = next((names for pattern, names in VALUES if re.match(pattern, _line(then))), ())
    whole: Outline = {"values": _values(body, names, said)}
    model = model_of(then)
    if model is not None and status == 200:
        model.model_validate(body)
        whole["shape"] = _shape(body, model)
    return whole


def _error(body: dict[str, Any]) -> Outline:
    """What an error says, whatever the seconds in it."""
    known = {name: body.get(name) for name in ("action", "error_type", "error")}
    errors = [re.sub(r"\d+ (?:second|minute|hour)s?", "N", error) for error in body.get("errors", [])]
    return known | {"errors": errors, "says_how_long": "wait_seconds" in body.get("extras", {})}


def _values(body: Any, names: tuple[str, ...], said: Said) -> Outline:
    """The named values by where they stand; those of a topic's posts are a post's."""
    kept: Outline = {}
    for name in names if isinstance(body, dict) else ():
        plain = name.lstrip("!")
        value = body.get(plain)
        if value not in (None, False, [], ""):
            kept[plain] = True if name != plain else _comparable(plain, said(value, plain))
    for name in ("post", "category", "group", "current_user", "grouped_search_result"):
        if names and isinstance(body, dict) and isinstance(body.get(name), dict):
            kept |= {f"{name}.{key}": value for key, value in _values(body[name], names, said).items()}
    for name, inner, each_names in (("post_stream", "posts", POST), ("", "topics", names)):
        listed = (body.get(name) or {}) if name and isinstance(body, dict) else body
        for at, each in enumerate(listed.get(inner) or [] if names and isinstance(listed, dict) else []):
            kept |= {f"{inner}[{at}].{key}": value for key, value in _values(each, each_names, said).items()}
    return kept


def _words(body: Outline, replay: Replay, *, is_then: bool) -> list[str]:
    """Which of the words that were sent stand in what a revision changed."""
    changes = json.dumps([body.get(name) for name in ("body_changes", "title_changes", "tags_changes")])
    known = {word: replay.fresh.text(word) for _, line in replay.sentences for word in re.findall(r"[A-Za-z]{6,}", line)}
    return sorted({here for word, here in known.items() if (word if is_then else here) in changes})


def _comparable(name: str, value: Any) -> Any:
    if name == "tags" and isinstance(value, list):
        return sorted(str(each["name"] if isinstance(each, dict) else each) for each in value)
    if name == "cooked" and isinstance(value, str):
        return seen(value)
    return value


_EMOJI = re.compile(r'<img[^>]*class="emoji[^>]*>|[\U0001f1e6-\U0001faff]+')


def seen(cooked: str) -> tuple[str, list[str]]:
    """What people see of HTML, and where its links and dates lead."""
    plain = _EMOJI.sub("*emoji*", re.sub(r'<a name="[^"]*" class="anchor"[^>]*></a>', "", cooked))
    leads = re.findall(r'(?:href|data-[a-z-]+)="([^"]*)"', plain)
    text = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?(?:a|b|code|em|i|ins|kbd|mark|s|span|strong|sub|u)\b[^>]*>", "", plain)))
    return " ".join(text.split()), sorted(leads)


def _sentences(body: str, replay: Replay, *, is_then: bool) -> Outline:
    """Which of the titles and lines that were sent can be read on a page or in a feed."""
    text = " ".join(html.unescape(html.unescape(re.sub(r"<(?!!\[CDATA)[^>]*>", "", body))).split())
    known = {f"{name} {at}": (line, replay.fresh.text(line)) for at, (name, line) in enumerate(dict.fromkeys(replay.sentences))}
    return {name: here for name, (line, here) in known.items() if (line if is_then else here) in text}


def _shape(body: Any, model: type[BaseModel]) -> Any:
    """Of the fields that we read: which are there, and what kind of value each holds."""
    if not isinstance(body, dict):
        return type(body).__name__
    return {name: _kind(body[name], field.annotation) for name, field in model.model_fields.items() if name in body}


def _kind(value: Any, annotation: Any) -> Any:
    inner = _model_in(annotation)
    if isinstance(value, list):
        return [_shape(value[0], inner) if inner else type(value[0]).__name__] if value else []
    if inner is not None and value is not None:
        return _shape(value, inner)
    return type(value).__name__


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next((model for model in map(_model_in, get_args(annotation)) if model), None)


def _json(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return answer.text
