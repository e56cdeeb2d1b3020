"""A real homeserver (Synapse, SQLite, loopback, no federation) that tests and the demo start, stop, kill and start again.

It needs an environment of its own with `matrix-synapse` in it: `make .venv-synapse` makes one in the checkout; the variable
PEERPLUGIN_SYNAPSE_PYTHON names the interpreter of another one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import requests

from peerplugin.errors import MistakeError, OutsideError

VARIABLE = "PEERPLUGIN_SYNAPSE_PYTHON"
SERVER_NAME = "peer.test"
START_S = 60
UNLIMITED = {"per_second": 100_000, "burst_count": 100_000}
LIMITS_OFF = {
    "rc_message": UNLIMITED,
    "rc_registration": UNLIMITED,
    "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
    "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
    "rc_joins_per_room": UNLIMITED,
    "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
    "rc_room_creation": UNLIMITED,
    "rc_admin_redaction": UNLIMITED,
}


@dataclass(frozen=True, slots=True)
class User:
    """An account, logged in once by its registration."""

    user_id: str
    token: str
    device_id: str
    password: str


def synapse_python() -> Path:
    """The interpreter that has Synapse: the one that PEERPLUGIN_SYNAPSE_PYTHON names, else the one in this folder or this checkout."""
    named = os.environ.get(VARIABLE)
    here = [folder / ".venv-synapse" / "bin" / "python" for folder in (Path.cwd(), Path(__file__).resolve().parents[2])]
    for python in [Path(named)] if named else here:
        if python.is_file():
            return python.absolute()  # not resolved: the link itself is what knows its environment
    if named:
        raise MistakeError(
            f"There is no Synapse: {VARIABLE} names {named}, which is no file. Name the interpreter of an environment that has it."
        )
    sentence = f"There is no Synapse: {here[0]} does not exist. Run `make .venv-synapse` in a checkout,"
    raise MistakeError(f"{sentence} or name the interpreter of another environment that has it in {VARIABLE}.")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Homeserver:
    """One Synapse in a folder of its own. `limits`: keep its default rate limits, which the real world has."""

    def __init__(self, folder: Path, *, limits: bool = False, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.name = SERVER_NAME
        self._secret = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: User | None = None
        self._write_config(limits)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return when it answers. It says so itself, the way systemd is told; nothing is polled."""
        address = f"peerplugin-{self.port}-{secrets.token_hex(4)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, self._log().open("ab") as log:
            ready.bind(f"\0{address}")
            ready.settimeout(0.5)
            self._process = self._spawn(log, f"@{address}")
            try:
                self._wait_until_ready(self._process, ready)
            except BaseException:  # Ctrl-C too: whoever could not start it will not stop it
                self.kill()
                raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes], ready: socket.socket) -> None:
        deadline = time.monotonic() + START_S
        while not self._said_ready(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise OutsideError(f"Synapse did not start (exit code {process.poll()}). Its log ends:\n{self._log_tail()}", kind="server")
        requests.get(f"{self.url}/health", timeout=10).raise_for_status()

    def stop(self) -> None:
        """End it in order (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it on the same port, with the same data."""
        self.stop()
        self.start()

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def register(self, name: str, *, admin: bool = False, shown: str = "") -> User:
        """A new account by the shared-secret API, logged in at once. `shown`: its display name, if not its own."""
        nonce = self._admin_call("GET", "v1/register")["nonce"]
        password = f"{name}-{secrets.token_hex(4)}"
        text = "\0".join([nonce, name, password, "admin" if admin else "notadmin"])
        mac = hmac.new(self._secret.encode(), text.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "displayname": shown or name, "password": password, "admin": admin, "mac": mac}
        made = self._admin_call("POST", "v1/register", body)
        return User(made["user_id"], made["access_token"], made["device_id"], password)

    def lift_limits(self, user: User) -> None:
        """Free one account of the rate limits, as an operator does for a bot."""
        if self._admin is None:
            self._admin = self.register(f"admin-{secrets.token_hex(3)}", admin=True)
        free = {"messages_per_second": 0, "burst_count": 0}
        self._admin_call("POST", f"v1/users/{user.user_id}/override_ratelimit", free, token=self._admin.token)

    def _admin_call(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(method, f"{self.url}/_synapse/admin/{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _spawn(self, log: IO[bytes], ready: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(synapse_python()), "-m", "synapse.app.homeserver", "-c", str(self.folder / "homeserver.json")],
            cwd=self.folder,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": ready},
            start_new_session=True,  # Ctrl-C in the terminal ends the tests or the demo, which end this in order
        )

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def _said_ready(ready: socket.socket) -> bool:
        try:
            return b"READY=1" in ready.recv(4096)
        except TimeoutError:
            return False

    def _log(self) -> Path:
        return self.folder / "homeserver.log"

    def _log_tail(self) -> str:
        return "\n".join(self._log().read_text(errors="replace").splitlines()[-15:])

    def _write_config(self, limits: bool) -> None:
        """The settings; JSON is YAML as well."""
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.folder / "signing.key"
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        key.write_text(f"ed25519 a_test {seed}\n")  # Synapse's own format; having it make one costs a start of its own
        logging = {
            "version": 1,
            "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
            "root": {"level": "WARNING", "handlers": ["console"]},
            "disable_existing_loggers": False,
        }
        (self.folder / "logging.json").write_text(json.dumps(logging))
        (self.folder / "homeserver.json").write_text(json.dumps(self._settings(limits, key), indent=1))

    def _settings(self, limits: bool, key: Path) -> dict[str, object]:
        listener = {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "type": "http",
            "x_forwarded": False,
            "resources": [{"names": ["client"], "compress": False}],
        }
        return {
            "server_name": self.name,
            "public_baseurl": f"{self.url}/",
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "log_config": str(self.folder / "logging.json"),
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(key),
            "pid_file": str(self.folder / "homeserver.pid"),
            "registration_shared_secret": self._secret,
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            "bcrypt_rounds": 4,  # 51 accounts in half a second instead of 23
            "caches": {"sync_response_cache_duration": "0s"},  # else the same first sync is answered from two minutes ago
            "federation_domain_whitelist": [],
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "url_preview_enabled": False,
            "report_stats": False,
            "presence": {"enabled": False},
            **({} if limits else LIMITS_OFF),
        }
