"""Writes what was learned, as plain arrays, and the sums by which a changed file is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from peerplugin.core.forest import Floats, Forest
from peerplugin.core.threads import ThreadModel

SUMS = "SHA256SUMS"


def write_arrays(file: Path, **arrays: Floats) -> None:
    """One file of named arrays: the same arrays give the same bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, allow_pickle=False, **arrays)


def write_forest(file: Path, forest: Forest) -> None:
    """The trees, as `peerplugin.models.load_forest` reads them."""
    write_arrays(file, feature=forest.feature, threshold=forest.threshold, keep=forest.keep, first=forest.first, leaf=forest.leaf)


def write_threads(folder: Path, model: ThreadModel) -> None:
    """The trained parts of what groups lines, and the sums anew."""
    write_forest(folder / "pairs.npz", model.pairs)
    write_forest(folder / "joining.npz", model.joining)
    write_sums(folder)


def write_sums(folder: Path) -> None:
    """Anew for all files of the folder; `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in {".npz", ".json"})
    rows = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(rows), encoding="ascii")
