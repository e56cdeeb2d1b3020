"""How the forum refuses: the bodies that Discourse answers with, word for word."""

from __future__ import annotations

from collections.abc import Mapping

Json = dict[str, object]

NOT_FOUND: Json = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
TOPIC_NOT_FOUND: Json = NOT_FOUND | {
    "extras": {
        "html": '<div class="page-not-found">\n  <h1 class="title">Oops! That page doesn’t exist or is private.</h1>\n</div>\n',
        "group": None,
    }
}
NOT_PERMITTED: Json = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}
NOT_LOGGED_IN: Json = {"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"}
BAD_KEY: Json = {
    "errors": ["You are not permitted to view the requested resource. The API username or key is invalid."],
    "error_type": "invalid_access",
}
READ_ONLY: Json = {"errors": ["The site is in read only mode. Interactions are disabled."], "error_type": "read_only"}
TOPIC_GONE = "Something has gone wrong. Perhaps this topic was closed or deleted while you were looking at it?"
EDIT_CONFLICT = "That post was edited by another user and your changes can no longer be saved."
NOT_DELETED = "There was an error deleting that topic. Please contact the site's administrator."
TOO_LATE = "That post was created too long ago. It can no longer be edited or deleted."


class RefusedError(Exception):
    """A call is answered with an error. `before_known`: before Discourse looked, or after it forgot, who is calling."""

    def __init__(
        self, status: int, body: Mapping[str, object], *, headers: Mapping[str, str] | None = None, before_known: bool = False
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})
        self.before_known = before_known


def not_found() -> RefusedError:
    """It is not there, or not to be seen."""
    return RefusedError(404, NOT_FOUND)


def no_route() -> RefusedError:
    """There is no such address, at least not for this account: admin's routes do not exist for others."""
    return RefusedError(404, NOT_FOUND, before_known=True)


def topic_not_found() -> RefusedError:
    """The same for a topic, with the page that a browser would show."""
    return RefusedError(404, TOPIC_NOT_FOUND)


def not_permitted() -> RefusedError:
    """It is there, but not for this account."""
    return RefusedError(403, NOT_PERMITTED)


def not_logged_in() -> RefusedError:
    """It is for accounts only."""
    return RefusedError(403, NOT_LOGGED_IN)


def bad_key() -> RefusedError:
    """A wrong, revoked or narrower key, an unknown name, a missing one: told alike."""
    return RefusedError(403, BAD_KEY, before_known=True)


def invalid(parameter: str) -> RefusedError:
    """A parameter of the call makes no sense."""
    return RefusedError(
        400, {"errors": [f"You supplied invalid parameters to the request: {parameter}"], "error_type": "invalid_parameters"}
    )


def missing(parameter: str) -> RefusedError:
    """A parameter of the call is not there."""
    return RefusedError(400, {"errors": [f"param is missing or the value is empty: {parameter}"]})


def unacceptable(*errors: str, action: str = "") -> RefusedError:
    """What was sent breaks a rule; a create says so in a shape of its own."""
    return RefusedError(422, ({"action": action} if action else {}) | {"errors": list(errors)})


def fell_over() -> RefusedError:
    """A fault of Discourse's own."""
    return RefusedError(500, {"status": 500, "error": "Internal Server Error"}, before_known=True)


def bad_request() -> RefusedError:
    """The body cannot even be read."""
    return RefusedError(400, {"status": 400, "error": "Bad Request"}, before_known=True)
