"""Talks HTTP to one Discourse: one session, one place where every failure becomes an `OutsideError`. Repeats nothing.

no answer      refused (also: name unknown, certificate, proxy), slow, cut
not Discourse  not_json: a page, a redirect, a body we cannot read
4xx            rights 401 403, missing 404, conflict 409, invalid 400 422, rate_limited 429
5xx            server, read_only 503
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError

import peerplugin
from integrations.discourse import wire
from peerplugin.errors import MistakeError, OutsideError

_Model = TypeVar("_Model", bound=wire.Read)
Params = Mapping[str, str | int | Sequence[int]]

DEFAULT_WAIT_S = 60.0
"""How long to stay away after a 429 that names no time: the key limit counts by the minute."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: where a redirect points, the JSON body, and whether there was none (`null` is one)."""

    location: str = ""
    body: object = None
    is_empty: bool = False

    def read(self, model: type[_Model], *, what: str) -> _Model:
        """The body as `model`; never quotes it, since it may hold what somebody wrote."""
        try:
            return model.model_validate(self.body)
        except ValidationError:
            sentence = (
                f"The forum's answer to {what} has not the shape that Discourse gives it; see whether a Discourse forum is at this address."
            )
            raise OutsideError(sentence, kind="not_json") from None


class Discourse:
    """One forum, spoken to with one key. Not for several threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        username: str = "",
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 30.0,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise MistakeError("The forum's address must look like https://forum.example.org.")
        self.base_url = base_url.rstrip("/")
        self._timeout = (connect_timeout_s, read_timeout_s)
        # The key stays out of the session's headers: anonymous reads use the same session without it.
        self._key = {"Api-Key": api_key} | ({"Api-Username": username} if username else {})
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a cookie would make an anonymous read less so
        self._session.trust_env = not _is_here(parts.hostname or "")
        self._session.headers.update({"User-Agent": f"peerplugin/{peerplugin.__version__}", "Accept": "application/json"})

    def __repr__(self) -> str:
        return f"Discourse({self.base_url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str, params: Params | None = None, *, anonymous: bool = False, may_redirect: bool = False) -> Answer:
        """Read something; `anonymous` leaves the key out, to see what everybody sees."""
        return self._call("GET", path, params=params, anonymous=anonymous, may_redirect=may_redirect)

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Create something."""
        return self._call("POST", path, body=body)

    def put(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Change something."""
        return self._call("PUT", path, body=body)

    def delete(self, path: str) -> Answer:
        """Delete something."""
        return self._call("DELETE", path)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
        anonymous: bool = False,
        may_redirect: bool = False,
    ) -> Answer:
        what = f"{method} {path}"
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                params=dict(params) if params else None,
                json=dict(body) if body is not None else None,
                headers=None if anonymous else self._key,
                timeout=self._timeout,
                # Followed by hand: requests would send our key along to whatever host a redirect names.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _no_answer(error, self.base_url, what) from None
        if response.status_code >= 400:
            raise _refused(response, self.base_url, what)
        if response.status_code >= 300:
            return _redirect(response, self.base_url, what, allowed=may_redirect)
        return _good(response, self.base_url, what)


def _is_here(host: str) -> bool:
    """This machine, which no proxy can reach for us."""
    return host in ("localhost", "::1") or host.startswith("127.")


# --- the one place where failures get their names ---------------------------------------------------------------------


def _no_answer(error: requests.RequestException, base_url: str, what: str) -> OutsideError:
    """The forum did not answer, or not to the end."""
    causes = " ".join(_names(error))
    if isinstance(error, requests.Timeout):
        return OutsideError(f"The forum at {base_url} took too long to answer {what}.", kind="slow")
    if isinstance(error, requests.exceptions.SSLError):
        return OutsideError(f"The certificate of {base_url} is not trusted or has run out; look at it in a browser.", kind="refused")
    if isinstance(error, requests.exceptions.ProxyError):
        return OutsideError(f"The proxy before {base_url} does not let us through; look at HTTPS_PROXY and NO_PROXY.", kind="refused")
    if "NameResolutionError" in causes or "gaierror" in causes:
        return OutsideError(f"The name in {base_url} is not known; look at the forum's address and at this machine's DNS.", kind="refused")
    if "NewConnectionError" in causes or "ConnectionRefusedError" in causes:
        return OutsideError(f"Nothing answers at {base_url}; see whether the forum is up and the address right.", kind="refused")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
        return OutsideError(
            f"{base_url} is not an address that can be called; look at the forum's address.", kind="refused", permanent=True
        )
    return OutsideError(f"The connection to {base_url} broke before {what} was answered to the end.", kind="cut")


def _names(error: BaseException) -> list[str]:
    """The names of an error and of all that it wraps: urllib3 hides the cause inside `reason` and `args`."""
    found: list[str] = []
    queue: list[object] = [error]
    while queue and len(found) < 20:
        item = queue.pop()
        if isinstance(item, BaseException):
            found.append(type(item).__name__)
            queue += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found


def _is_page(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower()


def _json(response: requests.Response) -> object:
    """The body as JSON, or None; Discourse labels some JSON bodies text/plain."""
    try:
        return response.json()
    except requests.exceptions.JSONDecodeError:
        return None


def _redirect(response: requests.Response, base_url: str, what: str, *, allowed: bool) -> Answer:
    """Where an external id points; anything else that sends us elsewhere is a wrong address or a log-in page."""
    location = response.headers.get("Location", "")
    if allowed and location:
        return Answer(location=location)
    sentence = (
        f"{base_url} sends {what} elsewhere instead of answering; put the address the forum really has into the settings (https, www?)."
    )
    raise OutsideError(sentence, kind="not_json", permanent=True)


def _good(response: requests.Response, base_url: str, what: str) -> Answer:
    """A 2xx with JSON, or with nothing at all."""
    if _is_page(response):
        sentence = (
            f"{base_url} answered {what} with a web page, not as Discourse does; a log-in page, a firewall or maintenance stands before it."
        )
        raise OutsideError(sentence, kind="not_json")
    content = response.content.strip()
    body = _json(response) if content else None
    if body is None and content not in (b"", b"null"):
        raise OutsideError(f"The answer to {what} from {base_url} broke off or is no JSON.", kind="cut")
    return Answer(body=body, is_empty=not content)


def _refused(response: requests.Response, base_url: str, what: str) -> OutsideError:
    """A status of 400 or more, as an error with a sentence."""
    status = response.status_code
    said = wire.refusal(_json(response))
    if status == 429:
        return _too_many(response, said, base_url)
    if status >= 500:
        return _broken(response, said, base_url, what)
    if _is_page(response):
        sentence = (
            f"{base_url} answered {what} with a web page (status {status}); a firewall, a proxy or another program stands at that address."
        )
        return OutsideError(sentence, kind="not_json")
    if status in (401, 403) or (status == 404 and not said.understood):
        return _no_right(status, said, base_url, what)
    if status == 404:
        sentence = f"The forum at {base_url} has nothing for {what}, or our account may not see it."
        return OutsideError(sentence, kind="missing", permanent=True)
    if status == 409:
        return OutsideError(f"Somebody changed the post between our reading and {what}; it will be read again.", kind="conflict")
    told = " ".join(wire.harmless(said.errors)) or "the reason is not repeated here, since it may quote the text"
    return UnacceptableError(f"The forum at {base_url} does not accept {what} (status {status}): {told}.".replace("..", "."), said.errors)


class UnacceptableError(OutsideError):
    """A 400 or 422; `errors` holds the forum's own words, for a caller that knows a way round (never for a log line)."""

    def __init__(self, sentence: str, errors: tuple[str, ...]) -> None:
        super().__init__(sentence, kind="invalid", permanent=True)
        self.errors = errors


def _too_many(response: requests.Response, said: wire.Refusal, base_url: str) -> OutsideError:
    wait = said.extras.wait_seconds
    if wait is None:
        wait = _retry_after(response)
    wait = DEFAULT_WAIT_S if wait is None else wait + 1.0  # the forum's figure is cut off, not rounded up
    return OutsideError(
        f"The forum at {base_url} asks us to wait {wait:.0f} seconds (too many calls).", kind="rate_limited", retry_after_s=wait
    )


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isdecimal() else None


def _broken(response: requests.Response, said: wire.Refusal, base_url: str, what: str) -> OutsideError:
    wait = _retry_after(response)
    if said.error_type == "read_only":
        return OutsideError(f"The forum at {base_url} is in read-only mode (a backup or an update).", kind="read_only", retry_after_s=wait)
    sentence = f"The forum at {base_url} failed over {what} (status {response.status_code})."
    return OutsideError(sentence, kind="server", retry_after_s=wait)


def _no_right(status: int, said: wire.Refusal, base_url: str, what: str) -> OutsideError:
    if not said.understood or said.errors == ("BAD CSRF",):
        sentence = f"The forum at {base_url} saw no key with {what} (status {status}); see whether a proxy takes the Api-Key header away."
    elif any("API username or key is invalid" in error for error in said.errors):
        sentence = f"The forum at {base_url} does not accept the key or its user name for {what}; it may be wrong, revoked or too narrow."
    else:
        sentence = f"Our account may not do {what} at {base_url}; give it the right (a moderator's suffices) or choose another category."
    return OutsideError(sentence, kind="rights", permanent=True)
