"""The service as a process of its own, which kills itself (SIGKILL) at a given point: `python -m tests.story.mortal PARTS.pickle KIND NTH`.

It is the real service over the real store, chat and forum; only the wrappers of `points` stand in between. KIND `never`: it lives on."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.matrix.client import MatrixChat
from peerplugin import app
from peerplugin.core.model import Series, UserId
from peerplugin.group import Group
from peerplugin.service import Pace, Service
from peerplugin.settings import config_dir
from peerplugin.vocabulary import load_rules
from tests.story.points import MortalChat, MortalStore, Points, make_mortal
from tests.story.stage import Stage

KINDS = ("before a write", "after a write", "before a send", "after a send", "before a post", "after a post")


def write_parts(stage: Stage, file: Path) -> None:
    """What the process needs to know of the stage."""
    user = stage.cast.bot.user
    parts = {
        "homeserver": stage.homeserver.url, "user": user.user_id, "token": user.token, "device": user.device_id,
        "forum": stage.sandbox.url, "key": stage.sandbox.bot_key, "username": stage.sandbox.bot_username,
        "series": stage.series, "store": str(stage.folder / "store.sqlite"),
    }  # fmt: skip
    file.write_bytes(pickle.dumps(parts))


def spawn(file: Path, kind: str, nth: int = 1) -> subprocess.Popen[bytes]:
    """Start the service; what it logs goes to a file beside the parts."""
    with file.with_suffix(".log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "tests.story.mortal", str(file), kind, str(nth)], stdout=log, stderr=log)


def _kill_myself(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(parts: dict[str, Any], kind: str, nth: str) -> None:
    """Run until killed."""
    points = Points(kind=kind, nth=int(nth), how=_kill_myself)
    series: Series = parts["series"]
    store = MortalStore.open(parts["store"])
    store.points = points
    chat = MatrixChat(parts["homeserver"], parts["user"], device_id=parts["device"], token=parts["token"], sync_timeout_s=2)
    client = Discourse(parts["forum"], api_key=parts["key"], username=parts["username"])
    make_mortal(client, points)
    words = app.load_words()
    await chat.login()
    group = Group(UserId(parts["user"]), (series,), words, load_rules(config_dir()))
    forum = DiscourseForum(client, withdrawn_text=words.text("withdrawn.md"))
    pace = Pace(wake_s=1, retry_first_s=0.05, retry_most_s=0.2)
    await Service(store, MortalChat(chat, points), forum, group, lambda: datetime.now(UTC), pace).run()


if __name__ == "__main__":
    asyncio.run(main(pickle.loads(Path(sys.argv[1]).read_bytes()), *sys.argv[2:4]))
