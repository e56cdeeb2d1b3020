"""`make bench`: how fast and how small, as tables. Exit code 1 if a limit is exceeded. `python -m tests.bench replay` measures one part."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import capture, dates, publish, replay
from tests.bench.tables import console, show

PARTS = {"replay": replay.sheets, "capture": capture.sheets, "publish": publish.sheets, "dates": dates.sheets}


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}: say {' or '.join(PARTS)}, or nothing for all.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # in order, so that the homeserver ends as well
    screen, ok = console(), True
    for part in wanted or PARTS:
        with tempfile.TemporaryDirectory(prefix="peerplugin-bench-") as folder, screen.status(f"measuring {part}"):
            sheets = PARTS[part](Path(folder))
        for sheet in sheets:
            show(sheet, screen)
            ok = ok and sheet.is_ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
