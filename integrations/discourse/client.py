"""Talks HTTP to one Discourse: one session, one worker thread, one place where every failure becomes an `OutsideError`.

no answer      refused (also: name unknown, certificate, proxy), slow, cut
not Discourse  not_json: a page, a redirect, a body we cannot read
4xx            rights 401 403, missing 404, conflict 409, invalid 400 422, rate_limited 429
5xx            server, read_only 503

Only a call that was refused because everybody has to wait is made again from here, since it surely was not performed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError

import peerplugin
from integrations.discourse import wire
from integrations.discourse.pace import Pace
from integrations.discourse.worker import BusyError, Clock, Worker
from peerplugin.errors import MistakeError, OutsideError

_Model = TypeVar("_Model", bound=wire.Read)
Params = Mapping[str, str | int | Sequence[int]]

DEFAULT_WAIT_S = 60.0
"""How long to stay away after a 429 that names no time: the key limit counts by the minute."""
_FOR_EVERYBODY = ("admin_api_key_rate_limit", "user_api_key_limiter", "ip_")
"""Limits of a key or an address, which whatever call comes next would meet as well; the others are about one kind of call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: where a redirect points, the JSON body, and whether there was none (`null` is one)."""

    location: str = ""
    body: object = None
    is_empty: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def read(self, model: type[_Model], *, what: str) -> _Model:
        """The body as `model`; never quotes it, since it may hold what somebody wrote."""
        try:
            return model.model_validate(self.body)
        except ValidationError:
            sentence = (
                f"The forum's answer to {what} has not the shape that Discourse gives it; see whether a Discourse forum is at this address."
            )
            raise OutsideError(sentence, kind="not_json") from None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and as whom: `anonymous` leaves the key out."""

    method: str
    path: str
    params: Params | None = None
    body: Mapping[str, object] | None = None
    anonymous: bool = False
    may_redirect: bool = False

    @property
    def what(self) -> str:
        """For an error's sentence."""
        return f"{self.method} {self.path}"


class Discourse:
    """One forum, spoken to with one key. For any number of threads: their calls go out one after the other, at the pace the forum allows."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        username: str = "",
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 30.0,
        calls_a_minute: int = 50,
        clock: Clock | None = None,
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
        self._worker = Worker(Pace(calls_a_minute), clock)

    def __repr__(self) -> str:
        return f"Discourse({self.base_url!r})"

    def close(self) -> None:
        """Turn away whoever waits, and close the connections."""
        self._worker.close()
        self._session.close()

    def urgently(self) -> Discourse:
        """The same forum, the same session; its calls go before all others."""
        return _Urgent(self)

    def get(self, path: str, params: Params | None = None, *, anonymous: bool = False, may_redirect: bool = False) -> Answer:
        """Read something; `anonymous` leaves the key out, to see what everybody sees, and not what the forum's cache saw a minute ago."""
        if anonymous:  # the cache goes by the whole address
            params = {**(params or {}), "_": secrets.token_hex(4)}
        return self.call(Request("GET", path, params=params, anonymous=anonymous, may_redirect=may_redirect))

    def is_public(self, path: str) -> bool:
        """Whether somebody without an account can read something."""
        try:
            self.get(path, anonymous=True)
        except OutsideError as error:
            if error.kind in ("missing", "rights"):
                return False
            raise
        return True

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Create something."""
        return self.call(Request("POST", path, body=body))

    def put(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Change something."""
        return self.call(Request("PUT", path, body=body))

    def delete(self, path: str) -> Answer:
        """Delete something."""
        return self.call(Request("DELETE", path))

    def call(self, request: Request, *, urgent: bool = False) -> Answer:
        """Ask when it is our turn: the one way out."""
        return self._worker.do(lambda: self._ask(request), urgent=urgent, paced=not request.anonymous)

    def _ask(self, request: Request) -> Answer:
        try:
            response = self._session.request(
                request.method,
                self.base_url + request.path,
                params=dict(request.params) if request.params else None,
                json=dict(request.body) if request.body is not None else None,
                headers=None if request.anonymous else self._key,
                timeout=self._timeout,
                # Followed by hand: requests would send our key along to whatever host a redirect names.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _no_answer(error, self.base_url, request.what) from None
        if response.status_code >= 400:
            raise _refused(response, self.base_url, request.what)
        if response.status_code >= 300:
            return _redirect(response, self.base_url, request.what, allowed=request.may_redirect)
        return _good(response, self.base_url, request.what)


class _Urgent(Discourse):
    """A forum's client whose calls do not wait behind others."""

    def __init__(self, usual: Discourse) -> None:
        self.base_url = usual.base_url
        self._usual = usual

    def close(self) -> None:
        """Nothing: session and worker are the other's."""

    def urgently(self) -> Discourse:
        """Itself."""
        return self

    def call(self, request: Request, *, urgent: bool = True) -> Answer:
        """Ask before whoever else waits."""
        return self._usual.call(request, urgent=urgent)


def _is_here(host: str) -> bool:
    """This machine, which no proxy can reach for us."""
    return host in ("localhost", "::1") or host.startswith("127.")


# --- the one place where failures get their names ---------------------------------------------------------------------


def _no_answer(error: requests.RequestException, base_url: str, what: str) -> OutsideError:
    """The forum did not answer, or not to the end."""
    causes = " ".join(_names(error))
    if isinstance(error, requests.Timeout):
        return OutsideError(
            f"The forum at {base_url} took too long to answer {what}: it is asked again; see whether it is slow for people as well.",
            kind="slow",
        )
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
    return OutsideError(
        f"The connection to {base_url} broke before {what} was answered to the end: it is asked again; if this goes on, look at the network.",
        kind="cut",
    )


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
    target = urlsplit(location)
    where = f" to {target.scheme}://{target.netloc}" if target.netloc and target.netloc + target.scheme not in base_url else ""
    sentence = f"{base_url} sends {what} elsewhere{where} instead of answering; put the address the forum really has into the settings (https, www?)."
    raise OutsideError(sentence, kind="not_json", permanent=True)


def _good(response: requests.Response, base_url: str, what: str) -> Answer:
    """A 2xx with JSON, or with nothing at all."""
    if _is_page(response):
        sentence = f"{base_url} answered {what} with a web page, not as Discourse does; a log-in page, a firewall or maintenance stands before it: open it in a browser."
        raise OutsideError(sentence, kind="not_json")
    content = response.content.strip()
    body = _json(response) if content else None
    if body is None and content not in (b"", b"null"):
        raise OutsideError(
            f"The answer to {what} from {base_url} broke off or is no JSON: it is asked again; if this goes on, look at what stands before it.",
            kind="cut",
        )
    return Answer(body=body, is_empty=not content, headers=response.headers)


def _refused(response: requests.Response, base_url: str, what: str) -> OutsideError:
    """A status of 400 or more, as an error with a sentence."""
    status = response.status_code
    said = wire.refusal(_json(response))
    if status == 429:
        return _too_many(response, said, base_url)
    if status >= 500:
        return _broken(response, said, base_url, what)
    if _is_page(response):
        sentence = f"{base_url} answered {what} with a web page (status {status}); a firewall, a proxy or another program stands at that address: open it in a browser."
        return OutsideError(sentence, kind="not_json")
    if status in (401, 403) or (status == 404 and not said.understood):
        return _no_right(status, said, base_url, what)
    if status == 404:
        sentence = f"The forum at {base_url} has nothing for {what}, or our account may not see it: see there whether it was deleted, or give our account the right."
        return OutsideError(sentence, kind="missing", permanent=True)
    if status == 409:
        return OutsideError(f"Somebody changed the post between our reading and {what}; it will be read again.", kind="conflict")
    told = " ".join(wire.harmless(said.errors)) or "the reason is not repeated here, since it may quote the text"
    sentence = f"The forum at {base_url} does not accept {what} (status {status}): {told.removesuffix('.')}. Try it there by hand, or look at the site's settings."
    return UnacceptableError(sentence, said.errors)


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
    about_all = response.headers.get("Discourse-Rate-Limit-Error-Code", "").startswith(_FOR_EVERYBODY)
    kind = BusyError if about_all else OutsideError
    return kind(
        f"The forum at {base_url} asks us to wait {wait:.0f} seconds (too many calls): it is asked again then.",
        kind="rate_limited",
        retry_after_s=wait,
    )


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isdecimal() else None


def _broken(response: requests.Response, said: wire.Refusal, base_url: str, what: str) -> OutsideError:
    wait = _retry_after(response)
    if said.error_type == "read_only":
        return OutsideError(
            f"The forum at {base_url} is in read-only mode (a backup or an update): it is asked again; see whether somebody forgot to end it.",
            kind="read_only",
            retry_after_s=wait,
        )
    sentence = f"The forum at {base_url} failed over {what} (status {response.status_code}): it is asked again; if this goes on, the forum's log says why."
    return OutsideError(sentence, kind="server", retry_after_s=wait)


def _no_right(status: int, said: wire.Refusal, base_url: str, what: str) -> OutsideError:
    if not said.understood or said.errors == ("BAD CSRF",):
        sentence = f"The forum at {base_url} saw no key with {what} (status {status}); see whether a proxy takes the Api-Key header away."
    elif any("API username or key is invalid" in error for error in said.errors):
        sentence = f"The forum at {base_url} does not accept the key or its user name for {what}; it may be wrong, revoked or too narrow."
    else:
        sentence = f"Our account may not do {what} at {base_url}; give it the right (a moderator's suffices) or choose another category."
    return OutsideError(sentence, kind="rights", permanent=True)
