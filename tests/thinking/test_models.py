"""What was learned and is shipped: whole, small, and loaded by nobody who does not think."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from peerplugin.errors import MistakeError
from peerplugin.models import load_thread_model
from tests.core.talk import ROOT

MODELS = ROOT / "config" / "models"


def test_every_model_is_the_one_that_was_learned_and_says_where_it_comes_from() -> None:
    rows = (row.split("  ") for row in (MODELS / "SHA256SUMS").read_text(encoding="ascii").splitlines())
    sums = {name: digest for digest, name in rows}
    shipped = {path.name: path for path in MODELS.iterdir() if path.suffix in {".npz", ".json"}}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in shipped.items()} == sums
    told = (MODELS / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert [name for name in shipped if f"`{name}`" not in told] == []
    assert sum(path.stat().st_size for path in shipped.values()) < 5_000_000


def test_the_services_own_process_never_loads_what_thinking_needs() -> None:
    code = "import peerplugin.app, peerplugin.cli, sys; print([m for m in ('numpy', 'lightgbm', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_model_that_is_missing_or_broken_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "words.npz").write_bytes(content)
    with pytest.raises(MistakeError, match=r"words\.npz"):
        load_thread_model(tmp_path)
