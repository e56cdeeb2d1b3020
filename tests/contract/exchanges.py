"""The table of all recorded exchanges, exchanges.md; `python -m tests.contract.exchanges` brings its facts up to date and leaves its reasons."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract import actions, cases
from tests.contract.recordings import deliveries, recordings

HERE = Path(__file__).parent
TABLE = HERE / "exchanges.md"
NAMES = (HERE / "names.txt").read_text(encoding="utf-8").split()
"""All exchanges that were recorded, whether they are kept here or not."""
_ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \|$", re.MULTILINE)
_HEADING = re.compile(r"^(## .*`([a-z_]+)\.\*`), \d+ \(\d+ used\)$", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    """The lines of the table: an exchange, and what is done with it."""
    return _ROW.findall(TABLE.read_text(encoding="utf-8"))


def used_by(name: str) -> str:
    """What uses an exchange that is kept here."""
    if name in deliveries():
        return "recordings; the sandbox fires it too" if name in actions.fired() else "recordings"
    return "recordings, sandbox, real" if name in cases.on_real() else "recordings, sandbox"


def written() -> str:
    """The table with its facts as they are."""
    kept = {*recordings(), *deliveries()}

    def counted(match: re.Match[str]) -> str:
        group = [name for name in NAMES if name.startswith(f"{match[2]}.")]
        return f"{match[1]}, {len(group)} ({sum(name in kept for name in group)} used)"

    def told(match: re.Match[str]) -> str:
        return f"| `{match[1]}` | {used_by(match[1]) if match[1] in kept else match[2]} |"

    return _ROW.sub(told, _HEADING.sub(counted, TABLE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
