"""One request to the homeserver, over nio's client: an answer as JSON, or an `OutsideError`; never a silent wait.

nio builds the paths, holds session and login, and sends. Its answer classes are left aside on purpose: they sleep through a
429 for as long as the server says, retry a lost connection for ever, forget the status of a page that is not JSON, log a malformed event
with all its content, and lose what we need (raw power levels, the stripped state of an invitation).
One thing is repeated below us: aiohttp sends a GET or PUT once more when the line goes dead before an answer; neither minds."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import ClientError, ClientPayloadError, ServerDisconnectedError
from nio import AsyncClient, AsyncClientConfig

from integrations.matrix.faults import refusal, unheard

Json = dict[str, object]
Request = tuple[str, str] | tuple[str, str, str]
"""Method, path and perhaps a body, as `nio.Api` makes them."""

NO_TOKEN: Final = ""
"""What `nio.Api` is given for a token: ours goes into a header, where no proxy logs it."""


def silence() -> None:
    """Let nothing of nio's be logged: at ERROR it writes whole events, words of members included."""
    logging.getLogger("nio").propagate = False
    for name in [name for name in logging.root.manager.loggerDict if name == "nio" or name.startswith("nio.")]:
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.addHandler(logging.NullHandler())


class Connection:
    """A homeserver, and who we are there."""

    def __init__(self, homeserver: str, user_id: str, device_id: str, *, answer_s: float) -> None:
        silence()
        self.homeserver = homeserver.rstrip("/")
        self._answer_s = answer_s
        config = AsyncClientConfig(encryption_enabled=False, store_sync_tokens=False, max_limit_exceeded=0, max_timeouts=0)
        self._nio = AsyncClient(self.homeserver, user_id, device_id=device_id, config=config)

    @property
    def device_id(self) -> str:
        """The device we are logged in as, or want to be."""
        return self._nio.device_id or ""

    def log_in(self, user_id: str, device_id: str, token: str) -> None:
        """From now on, be this user on this device."""
        self._nio.restore_login(user_id, device_id, token)

    async def close(self) -> None:
        """Hang up."""
        await self._nio.close()

    async def ask(self, what: str, request: Request, *, longer_s: float = 0.0) -> Json:
        """Send one request and read its answer whole. `longer_s`: how long the server may take on purpose."""
        within_s = self._answer_s + longer_s
        kind = "slow"
        try:
            async with asyncio.timeout(within_s):
                status, headers, text = await self._exchange(request, within_s)
        except TimeoutError:
            kind = "slow"
        except (ClientPayloadError, ServerDisconnectedError):
            kind = "cut"
        except (ClientError, OSError):
            kind = "refused"
        else:
            found = _object(text)
            if status >= 300:
                raise refusal(what, self.homeserver, status, found or {}, headers)
            if found is not None:
                return found
            kind = "cut" if text.lstrip()[:1] == b"{" else "not_json"
        raise unheard(what, self.homeserver, kind, within_s)

    async def _exchange(self, request: Request, within_s: float) -> tuple[int, dict[str, str], bytes]:
        method, path, *body = request
        headers = {"Content-Type": "application/json"}
        if self._nio.access_token:
            headers["Authorization"] = f"Bearer {self._nio.access_token}"
        data = body[0] if body else None if method == "GET" else "{}"
        answer = await self._nio.send(method, _without_token(path), data, headers, timeout=within_s)
        async with answer:
            return answer.status, {"Retry-After": answer.headers.get("Retry-After", "")}, await answer.read()


def _without_token(path: str) -> str:
    """The path without the token parameter that `nio.Api` puts there: Synapse refuses to see it twice."""
    parts = urlsplit(path)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "access_token"]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _object(text: bytes) -> Json | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {"answer": found}
