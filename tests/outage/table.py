"""The matrix, to be read and checked: the calls of each step, what may go wrong with a call, and what must come of it.

again   not done, and nobody is bothered yet: tried again after a moment
told    not done, and only a person can help: told at the desk at once, tried again an hour later and after a restart
well    an answer like any other, or one that we know a way round
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tests.proxy import CUT, HOLD, LOST_REPLY, Fault, answer, page

ANYBODY = " (as everybody)"
POST, TOPIC, HISTORY = "/posts/{n}.json", "/t/{n}.json", "/posts/{n}/revisions/latest.json"
CREATE, READ_TOPIC, READ_POST, FIND = "POST /posts.json", f"GET {TOPIC}", f"GET {POST}", "GET /t/external_id/{id}.json"
EDIT, RETITLE, HIDE = f"PUT {POST}", "PUT /t/-/{n}.json", "PUT /posts/{n}/revisions/{n}/hide.json"
UNLIST = "PUT /t/{n}/status.json"
READ_HISTORY, LOOK = f"GET {HISTORY}", f"GET {HISTORY}{ANYBODY}"
DELETE_TOPIC, DELETE_POST = f"DELETE {TOPIC}", f"DELETE {POST}"

_WITHDRAWING = [READ_POST, EDIT, RETITLE, READ_HISTORY, HIDE, DELETE_TOPIC]
_ENDING = [READ_POST, EDIT, READ_HISTORY, HIDE, DELETE_POST]

CALLS: dict[str, tuple[list[str], Sequence[int]]] = {
    "prove": (
        [
            *(CREATE, READ_TOPIC, UNLIST, READ_TOPIC, EDIT, READ_HISTORY, HIDE, LOOK, READ_TOPIC + ANYBODY, READ_POST + ANYBODY),
            *(*_WITHDRAWING, READ_TOPIC + ANYBODY),
            *(CREATE, READ_TOPIC),
        ],
        (1, 2, 8, 9, 16),
    ),
    "publish": ([CREATE, READ_TOPIC], range(2)),
    "take up": ([CREATE, FIND, READ_TOPIC], range(3)),
    "change": ([READ_TOPIC, EDIT, RETITLE, READ_TOPIC], range(1, 4)),
    "correct": ([READ_TOPIC, EDIT, READ_HISTORY, HIDE, LOOK], range(5)),
    "correct a title": (
        [READ_TOPIC, EDIT, RETITLE, READ_HISTORY, HIDE, LOOK, READ_TOPIC, READ_TOPIC, EDIT, READ_HISTORY, HIDE, LOOK],
        (2,),
    ),
    "correct what a person edited": ([READ_TOPIC, READ_HISTORY, EDIT, READ_HISTORY, HIDE, HIDE, LOOK], (1,)),
    "leave what a person edited": ([READ_TOPIC, READ_HISTORY], (1,)),
    "retract": (_WITHDRAWING * 2, range(6)),
    "retract what nobody saw": ([FIND, READ_TOPIC, *_WITHDRAWING], range(2)),
    "publish a post": ([READ_TOPIC, CREATE, READ_POST, READ_TOPIC, EDIT, RETITLE, READ_TOPIC], range(3)),
    "correct a post": ([READ_POST, EDIT, READ_HISTORY, HIDE, LOOK, READ_TOPIC, EDIT, READ_HISTORY, HIDE, LOOK], range(2)),
    "retract a post": (_WITHDRAWING + _ENDING, (6, 10)),
}
"""The calls of each step as a run without faults makes them, and which of them are made to fail: the others are failed in another step."""

_SAID = "The canary is not allowed to have soft food."
"""What a refusal may quote: nothing of it may be told on."""
_TOO_MANY = {
    "errors": ["You’ve performed this action too many times. Please wait 7 seconds before trying again."],
    "error_type": "rate_limit",
}
_FOR_ALL = {"Discourse-Rate-Limit-Error-Code": "admin_api_key_rate_limit"}

ANSWERS: dict[str, Fault] = {
    "slow": HOLD,
    "cut": CUT,
    "lost reply": LOST_REPLY,
    "a page": page(200),
    "403": answer(403, {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}),
    "404": answer(404, {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}),
    "409": answer(409, {"errors": [_SAID]}),
    "422": answer(422, {"action": "create_post", "errors": [_SAID]}),
    "500": answer(500, {"status": 500, "error": "Internal Server Error"}),
    "502": page(502),
    "503": answer(503, {"errors": ["The site is in read only mode. Interactions are disabled."], "error_type": "read_only"}),
}
UNANSWERED = ("refused", "name unknown")
"""Nobody is there: the port is shut, or the resolver knows the forum's name no more. This lasts until it is mended."""
FAULTS = (*UNANSWERED, *ANSWERS)

WAITS: dict[str, tuple[object, dict[str, str], float]] = {
    "in extras": (_TOO_MANY | {"extras": {"wait_seconds": 7}}, {"Retry-After": "3"}, 8.0),
    "in Retry-After": (_TOO_MANY, {"Retry-After": "7"}, 8.0),
    "nowhere": (_TOO_MANY, {}, 60.0),
}
"""Where a 429 says how long to wait, and how long we do: a second more, since it cuts off; a minute where it says nothing."""


def too_many(source: str, *, for_all: bool) -> Fault:
    """A 429: everybody who uses the key is to wait, or only who makes this kind of call."""
    body, headers, _ = WAITS[source]
    return answer(429, body, headers | _FOR_ALL if for_all else headers)


Outcome = tuple[Literal["again", "told", "well"], str]

USUALLY: dict[str, Outcome] = {
    "refused": ("again", "refused"),
    "name unknown": ("again", "refused"),
    "slow": ("again", "slow"),
    "cut": ("again", "cut"),
    "lost reply": ("again", "cut"),
    "a page": ("again", "not_json"),
    "403": ("told", "rights"),
    "404": ("told", "missing"),
    "409": ("again", "conflict"),
    "422": ("told", "invalid"),
    "500": ("again", "server"),
    "502": ("again", "server"),
    "503": ("again", "read_only"),
}
"""What comes of a fault, and its kind, at whichever call."""

WELL: Outcome = ("well", "")
BUT: dict[tuple[str, str, str], Outcome] = {
    # What we hope to hear: nobody may read it.
    **{("", look, fault): WELL for look in (LOOK, READ_TOPIC + ANYBODY, READ_POST + ANYBODY) for fault in ("403", "404")},
    # These answers have no body: the status came, and that is all we wanted.
    **{("", call, "cut"): WELL for call in (HIDE, DELETE_TOPIC, DELETE_POST)},
    # The forum has just said that it holds the topic, or shows it to everybody: a 404 is no reason to make another, nor to think it gone.
    **{(step, READ_TOPIC, "404"): ("again", "missing") for step in ("publish", "take up", "prove")},
    ("retract", READ_POST, "404"): ("again", "missing"),
    # A courtesy to readers, for the moment that the throw-away topic lasts.
    **{("prove", UNLIST, fault): WELL for fault in ("403", "404", "422")},
    # Its topic was deleted just before: nobody can read it.
    ("retract a post", READ_POST, "404"): WELL,
    # A narrow key may not read a post by its number: it is read through its topic.
    ("", READ_POST, "403"): WELL,
    # A look-up that shows nothing: the mark is looked for among the latest posts, and found.
    ("", FIND, "404"): WELL,
    # Nothing to hide, it says; but we look as everybody does, and see that there is.
    **{("correct", call, "404"): ("told", "rights") for call in (READ_HISTORY, HIDE)},
    # Whose edit it was we are not shown: it counts as a person's.
    **{("correct what a person edited", READ_HISTORY, fault): WELL for fault in ("403", "404")},
    **{("leave what a person edited", READ_HISTORY, fault): WELL for fault in ("403", "404")},
    # The topic is deleted in a moment: its title and its history go with it, whatever these answer.
    **{("retract", call, fault): WELL for call in (READ_HISTORY, HIDE) for fault in ("403", "404")},
    **{("retract", RETITLE, fault): WELL for fault in ("403", "422")},
    # "Denied", "missing" and "deleted already" are told alike: we looked, and it is still there.
    **{("", call, fault): ("told", "rights") for call in (DELETE_TOPIC, DELETE_POST) for fault in ("404", "422")},
}
"""Where it is otherwise, in a step or ("") in all, and why."""


def expected(step: str, call: str, fault: str) -> Outcome:
    """What must come of a fault at a call of a step."""
    return BUT.get((step, call, fault)) or BUT.get(("", call, fault)) or USUALLY[fault]
