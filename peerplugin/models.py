"""Reads what was learned (`config/models/`) into values for the thinking. The service itself never does: the child process that thinks does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from peerplugin.core.forest import Forest
from peerplugin.core.learned import Learned
from peerplugin.core.meaning import Vocabulary
from peerplugin.core.threads import ThreadModel
from peerplugin.errors import MistakeError


def load_thread_model(folder: Path) -> ThreadModel:
    """The model that groups lines. MistakeError where a file of it is missing or broken."""
    return ThreadModel(load_vocabulary(folder), load_forest(folder / "pairs.npz"), load_forest(folder / "joining.npz"))


def load_vocabulary(folder: Path) -> Vocabulary:
    """Pieces of words with a vector each. MistakeError where the file is missing or broken."""
    held = _arrays(folder / "words.npz")
    names = held["names"].tobytes().decode().split("\n")
    vectors = held["vectors"].astype(np.float32) * held["scale"].astype(np.float32)
    return Vocabulary({name: i for i, name in enumerate(names)}, vectors, held["rarity"].astype(np.float32))


def load_forest(file: Path) -> Forest:
    """The trees in a file. MistakeError where it is missing or broken."""
    held = _arrays(file)
    return Forest(held["feature"], held["threshold"], held["keep"], held["first"], held["leaf"])


def load_learned(folder: Path) -> Learned:
    """What tells what messages are for. MistakeError where the file is missing or broken."""
    path = folder / "statements.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        rows = {str(name): tuple(float(w) for w in row) for name, row in table["weights"].items()}
        found = Learned(tuple(table["labels"]), tuple(float(b) for b in table["biases"]), rows)
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise MistakeError(f"The model {path} cannot be read ({error.__class__.__name__}): copy it there from the distribution.") from error
    if any(len(row) != len(found.labels) for row in (found.biases, *rows.values())):
        raise MistakeError(f"The model {path} has rows of different lengths: copy it there from the distribution.")
    return found


def _arrays(file: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(file, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise MistakeError(f"The model {file} cannot be read ({type(error).__name__}): copy it there from the distribution.") from error
