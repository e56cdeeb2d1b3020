"""What a homeserver did instead of what was asked, as our one `OutsideError`: every sentence about Matrix trouble stands here.

    nothing heard      refused (no connection), slow (no answer in time), cut (an answer that ends in the middle)
    not Matrix         not_json (a proxy's page)
    told to wait       rate_limited (`retry_after_s` is the homeserver's wish), server (5xx)
    told no            rights (token, power level, membership), missing, conflict, invalid: permanent

A sentence holds the status and the error code, never the server's own prose: nobody knows what that repeats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from peerplugin.errors import OutsideError

_DEAD_TOKEN: Final = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED"})
_TAKEN: Final = frozenset({"M_ROOM_IN_USE", "M_EXCLUSIVE", "M_DUPLICATE_ANNOTATION", "M_USER_IN_USE", "M_CONFLICT"})
_CODE = re.compile(r"[A-Z][A-Z0-9_.]{1,63}", re.IGNORECASE | re.ASCII)
_LONGEST_WAIT_S: Final = 24 * 3600.0


class RefusedError(OutsideError):
    """The homeserver answered, in Matrix, and said no. `errcode` is its own word for why."""

    def __init__(self, sentence: str, *, kind: str, errcode: str, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(sentence, kind=kind, permanent=permanent, retry_after_s=retry_after_s)
        self.errcode = errcode

    @property
    def is_dead_token(self) -> bool:
        """Whether nothing at all will work until somebody logs in again."""
        return self.errcode in _DEAD_TOKEN


def unheard(what: str, homeserver: str, kind: str, within_s: float) -> OutsideError:
    """No answer, or half of one. All of these may pass by themselves."""
    sentence = {
        "refused": f"There is no connection to the homeserver {homeserver} ({what}). Is it running, and is the address right?",
        "slow": f"The homeserver {homeserver} did not answer within {within_s:g} seconds ({what}).",
        "cut": f"The answer of the homeserver {homeserver} broke off in the middle ({what}).",
        "not_json": f"What answers at {homeserver} is not a Matrix homeserver at the moment ({what}): a proxy's page, not JSON.",
    }[kind]
    return OutsideError(sentence, kind=kind)


def refusal(what: str, homeserver: str, status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> OutsideError:
    """An answer with an error status."""
    given = body.get("errcode")
    errcode = given if isinstance(given, str) and _CODE.fullmatch(given) else ""
    wait_s = _wait_s(body, headers)
    told = f"{status} {errcode}".strip()
    if errcode in _DEAD_TOKEN or (status == 401 and not errcode):
        sentence = (
            f"The homeserver {homeserver} no longer accepts our access token ({what}: {told}). "
            "Log in again: put a new token or the password into the settings, then restart."
        )
        return RefusedError(sentence, kind="rights", errcode=errcode or "M_UNKNOWN_TOKEN", permanent=True)
    if status == 429 or errcode == "M_LIMIT_EXCEEDED":
        wish = f", to be asked again in {wait_s:g} seconds" if wait_s is not None else ""
        return RefusedError(
            f"The homeserver asks for patience ({what}: {told}){wish}.", kind="rate_limited", errcode=errcode, retry_after_s=wait_s
        )
    if status >= 500:
        return OutsideError(f"The homeserver {homeserver} has trouble of its own ({what}: {told}).", kind="server", retry_after_s=wait_s)
    if errcode in _TAKEN or status == 409:
        return RefusedError(
            f"The homeserver says that this exists already ({what}: {told}).", kind="conflict", errcode=errcode, permanent=True
        )
    if status in {401, 403}:
        sentence = f"The homeserver does not allow this ({what}: {told}). Are we in the room, and is our power level high enough?"
        return RefusedError(sentence, kind="rights", errcode=errcode, permanent=True)
    if status in {404, 405, 410}:
        return RefusedError(f"The homeserver does not know this ({what}: {told}).", kind="missing", errcode=errcode, permanent=True)
    return RefusedError(f"The homeserver does not take this ({what}: {told}).", kind="invalid", errcode=errcode, permanent=True)


def _wait_s(body: Mapping[str, object], headers: Mapping[str, str]) -> float | None:
    """How long the server wants to be left alone: `retry_after_ms`, or the header that replaces it."""
    wanted = body.get("retry_after_ms")
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and 0 <= wanted < float("inf"):
        return min(wanted / 1000, _LONGEST_WAIT_S)
    header = headers.get("Retry-After", "").strip()
    return min(float(header), _LONGEST_WAIT_S) if header.isascii() and header.isdigit() else None
