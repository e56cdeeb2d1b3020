"""`peerplugin evidence`: statements and the messages they cite, as JSON lines, through the gate that production uses."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from peerplugin.core.evidence import Source, reasons
from peerplugin.core.rules import Rules
from peerplugin.errors import MistakeError


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement and what it cites."""

    text: str
    sources: tuple[Source, ...]


def read(file: Path) -> list[Claim]:
    """The claims of a file, or of standard input (`-`); an empty line is none."""
    try:
        whole = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(f"{file}: it cannot be read. Is it a UTF-8 text file, one JSON object a line?") from error
    return [_claim(f"{file}, line {n}", line) for n, line in enumerate(whole.split("\n"), 1) if line.strip()]


def _claim(where: str, line: str) -> Claim:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MistakeError(f"{where}: it is not JSON. A line is one object, on one line.") from error
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        raise MistakeError(f'{where}: it has no "text". A line is {{"text": "...", "sources": ["..."], "senders": ["..."]}}.')
    sources, senders = found.get("sources"), found.get("senders")
    if not isinstance(sources, list) or not all(isinstance(text, str) for text in sources):
        raise MistakeError(f'{where}: "sources" must be a list of the messages\' texts.')
    if senders is None:
        senders = [""] * len(sources)
    if not isinstance(senders, list) or not all(isinstance(name, str) for name in senders) or len(senders) != len(sources):
        raise MistakeError(f'{where}: "senders" must name who wrote each of the sources: as many, in the same order.')
    return Claim(found["text"], tuple(map(Source, sources, senders)))


def judge(claims: Iterable[Claim], rules: Rules) -> Iterator[str]:
    """Each verdict as a line of JSON."""
    for claim in claims:
        why = reasons(claim.text, claim.sources, rules.terms)
        yield json.dumps({"supported": not why, "reasons": list(why)}, ensure_ascii=False)
