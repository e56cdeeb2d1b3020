"""`peerplugin setup-webhook`: the forum's hook made, corrected, tried or taken away with an admin's key that is used once and kept nowhere."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from peerplugin import app
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.mistakes import is_unwritten
from peerplugin.settings import Settings

if TYPE_CHECKING:
    from peerplugin.app import HookAdmin

AGAIN = "Nothing is lost by it: polling finds the same, a little later. Do the same again: what was made already is found, not made twice."


def set_up(settings: Settings, key: str, admin: str) -> Iterator[str]:
    """Make or correct the hook and try it; each sentence says what was just done."""
    address = payload_url(settings)
    secret, made = _secret(settings)
    if made:
        yield f"A new secret was written to {made}."
    with app.hook_admin(settings, key, admin) as hooks:
        try:
            done = hooks.ensure(app.wanted_hook(settings, address, secret))
        except OutsideError as error:
            raise error if error.permanent else MistakeError(f"{error} {AGAIN}") from None
        what = "was made" if done.created else "was there, and is corrected" if done.corrected else "was there already, and is right"
        yield f"The forum's hook to {address} {what} (number {done.hook_id})."
        if done.doubles:
            yield f"{done.doubles} more to the same address {'was' if done.doubles == 1 else 'were'} taken away."
        yield _tried(hooks, done.hook_id, address, settings)


def remove(settings: Settings, key: str, admin: str) -> Iterator[str]:
    """Take the hook away."""
    address = payload_url(settings)
    with app.hook_admin(settings, key, admin) as hooks:
        gone = hooks.remove(address)
    yield f"The forum's hook to {address} is taken away." if gone else f"The forum has no hook to {address}."
    yield "Take discourse.webhook_secret_file (or webhook_secret) out of the settings, delete the file, and restart the service."


def payload_url(settings: Settings) -> str:
    """Where the forum is to call."""
    if settings.http.public_url is None:
        raise MistakeError(
            "http.public_url: expected the address at which the forum reaches the service's port, found nothing. Set it first."
        )
    return settings.http.public_url + app.hook_path()


def _secret(settings: Settings) -> tuple[str, Path | None]:
    """The secret of the settings, or a new one and the file it was written to."""
    discourse = settings.discourse
    if discourse.webhook_secret is not None:
        return discourse.webhook_secret.get_secret_value(), None
    file = discourse.webhook_secret_file
    if file is None:
        raise MistakeError(
            "discourse.webhook_secret_file: expected a file to write the hook's secret to, found nothing. Name one there first."
        )
    secret = secrets.token_hex(32)
    _write(file, secret)
    return secret, file


def _write(file: Path, secret: str) -> None:
    """Into a file that only its owner can read, and never over anything."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            if not is_unwritten(file):
                raise MistakeError(f"{file} was written meanwhile: do the same again, and what stands there is taken.")
            os.fchmod(handle, 0o600)
            opened.write(secret + "\n")
    except OSError as error:
        raise MistakeError(
            f"discourse.webhook_secret_file: {file} cannot be written ({error.strerror}). Make it empty, owned by the service's user, "
            "and run this command as that user."
        ) from error


def _tried(hooks: HookAdmin, hook_id: int, address: str, settings: Settings) -> str:
    try:
        status = hooks.ping(hook_id)
    except OutsideError as error:
        return f"It could not be tried: {error}"
    if status == 200:
        return "The forum called it and the service answered: all is well."
    afterwards = "Then do the same again: it only tries the hook once more."
    if status is None:
        return f"Whether it comes through is not known: the forum has not tried yet. Look at Admin, Webhooks, or do the same again. {AGAIN}"
    if status == 403:
        return (
            f"The forum reaches the service, which does not take what it sends. Restart the service, so that it reads the secret; and see that "
            f"discourse.url ({settings.discourse.url}) is the address that the forum gives itself. {afterwards}"
        )
    if status == 404:
        return f"Something answers at {address}, but not the hook: start (or restart) the service, and see that your web server hands this path on. {afterwards}"
    if status < 0:
        return (
            f"The forum cannot get through to {address}: see that the name is known there, the certificate trusted, the port open, and, if it is "
            f"in a private network, that the forum may call it (allowed internal hosts). {afterwards}"
        )
    return f"The forum called {address} and got the status {status}: see that the service runs and your web server hands this path on. {afterwards}"
