"""Reads `config/vocabulary/` into Rules: the words a group may change without a programmer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from peerplugin.core.rules import Rules
from peerplugin.core.terms import Terms
from peerplugin.errors import MistakeError


def load_rules(config_dir: Path, own_dir: Path | None = None, *, min_contributors: int = 3) -> Rules:
    """The rules as `config_dir/vocabulary` has them; a file of the same name in `own_dir` takes the place of ours."""
    return Rules(
        crisis_phrases=_lines(_find("crisis.txt", config_dir, own_dir)),
        medical=frozenset(_entries(_find("medical.txt", config_dir, own_dir))),
        given_names=frozenset(_entries(_find("given_names.txt", config_dir, own_dir))),
        places=frozenset(_entries(_find("places.txt", config_dir, own_dir))),
        ordinary=frozenset(_entries(_find("ordinary.txt", config_dir, own_dir))),
        tags=_tags(_find("tags.toml", config_dir, own_dir)),
        terms=_terms(_find("terms.toml", config_dir, own_dir)),
        min_contributors=min_contributors,
    )


def _find(name: str, config_dir: Path, own_dir: Path | None) -> Path:
    for folder in (own_dir, config_dir / "vocabulary"):
        if folder is not None and (folder / name).is_file():
            return folder / name
    raise MistakeError(f"The vocabulary {name} is missing in {config_dir / 'vocabulary'}: copy it there from the distribution.")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(f"The vocabulary {path} cannot be read ({error.__class__.__name__}): it must be a UTF-8 text file.") from error


def _lines(path: Path) -> tuple[str, ...]:
    lines = (line.strip() for line in _read(path).splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _entries(path: Path) -> list[str]:
    return [e.strip().lower().replace("’", "'") for line in _lines(path) for e in re.split(r",", line) if e.strip()]


def _table(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise MistakeError(f"The vocabulary {path} is not valid TOML: {error}.") from error


def _tags(path: Path) -> Mapping[str, tuple[str, ...]]:
    table = _table(path).get("tags", {})
    tags: dict[str, tuple[str, ...]] = {}
    for tag, phrases in table.items() if isinstance(table, dict) else ():
        if not isinstance(phrases, list) or not all(isinstance(p, str) for p in phrases):
            raise MistakeError(f'The vocabulary {path}: tags.{tag} must be a list of words, like ["salt", "diet"].')
        tags[tag] = tuple(phrases)
    return tags


def _terms(path: Path) -> Terms:
    table = _table(path)
    entries: dict[str, tuple[str, str]] = {}
    for kind in ("medicine", "test", "body", "diagnosis"):
        for line in _listed(path, table, kind):
            same = [word.strip().lower() for word in line.split(",")]
            for word in same:
                entries.setdefault(word, (same[0], kind))
    return Terms(entries, tuple(_listed(path, table, "medicine_endings")))


def _listed(path: Path, table: Mapping[str, object], key: str) -> list[str]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise MistakeError(f'The vocabulary {path}: {key} must be a list of words, like ["knee", "foot, feet"].')
    return found
