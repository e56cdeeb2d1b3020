"""The rule about skipped tests holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run_suite(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text("import pytest\n" + source, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.skips",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        "-p",
        "no:cacheprovider",
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)


@pytest.mark.parametrize("reason", ["third-party data: not here", "no real Discourse: no address given"])
def test_a_skip_that_no_machine_can_mend_leaves_the_suite_green(tmp_path: Path, reason: str) -> None:
    result = run_suite(tmp_path, f"def test_it():\n    pytest.skip({reason!r})\n")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "source",
    [
        "def test_it():\n    pytest.skip('slow')\n",
        "pytest.skip('whole file', allow_module_level=True)\n",
        "absent = pytest.importorskip('a_module_that_nobody_has')\n",
        "@pytest.mark.skipif(True, reason='on this machine')\ndef test_it():\n    pass\n",
        "@pytest.mark.xfail(reason='known fault')\ndef test_it():\n    assert False\n",
        "@pytest.mark.xfail(reason='mended since')\ndef test_it():\n    pass\n",
    ],
)
def test_any_other_skip_turns_the_suite_red_and_is_named(tmp_path: Path, source: str) -> None:
    result = run_suite(tmp_path, source + "\ndef test_fine():\n    pass\n")
    assert result.returncode == 1, result.stdout
    assert "skips that are not allowed" in result.stdout
    assert "test_it.py" in result.stdout.split("skips that are not allowed")[1]
