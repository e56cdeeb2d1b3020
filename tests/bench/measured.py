"""Run one command and say what it took: `python -S measured.py OUTPUT COMMAND...` prints seconds, processor seconds and KiB as JSON.

A program of its own, and small: a child's peak counts what its parent held when it was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def measure(output: str, command: list[str]) -> dict[str, float]:
    """What a command took, from its start to its end."""
    with Path(output).open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
    return {
        "code": os.waitstatus_to_exitcode(status),
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_kib": used.ru_maxrss,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2:])))
