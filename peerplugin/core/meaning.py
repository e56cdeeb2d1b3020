"""What lines are about, as vectors: static word vectors weighted by how rare a word is, and the meeting's own words.

The vectors were distilled from a sentence encoder (see config/models/ATTRIBUTION.md): a sum of them lies near what the encoder says of a sentence."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

import numpy as np

from peerplugin.core.english import stem
from peerplugin.core.forest import Floats
from peerplugin.core.lines import Talk

BURST_S = 60.0
FLOW = 0.7
"""How much of a neighbour's words a line takes over: its speaker's burst, and what it answers (half of it back)."""
COMMON = 2.0
"""Words in more than one line of everyday chat out of e**2 say nothing."""
LONGEST_WORD = 60
"""Longer ones are no words: a key somebody held down, a link."""
_TOKEN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Pieces of words (WordPiece: `##` begins what continues a word), a vector each, and how rare each is in everyday chat."""

    pieces: dict[str, int]
    vectors: Floats  # (pieces, width)
    rarity: Floats  # (pieces,) log of lines per line with it, less COMMON, not below 0

    def split(self, word: str) -> tuple[int, ...]:
        """The longest pieces that make up a word, from its beginning; none if some part of it is unknown."""
        whole = self.pieces.get(word)
        if whole is not None:
            return (whole,)
        if len(word) > LONGEST_WORD:
            return ()
        found, start = [], 0
        while start < len(word):
            for stop in range(len(word), start, -1):
                piece = self.pieces.get(("##" if start else "") + word[start:stop])
                if piece is not None:
                    found.append(piece)
                    start = stop
                    break
            else:
                return ()
        return tuple(found)


def unit(rows: Floats) -> Floats:
    """Rows of length one; empty rows stay empty."""
    found = np.asarray(rows, np.float32)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(length > 0, length, 1), np.float32)


def centred(rows: Floats) -> Floats:
    """Without the meeting's mean: what every line shares (the illness) tells no threads apart."""
    used = np.abs(rows).sum(1) > 0
    return unit(np.where(used[:, None], rows - rows[used].mean(0), 0)) if used.any() else rows


def flow(talk: Talk) -> Floats:
    """(n, n): whose words flow into a line: its speaker's burst, and what it answers."""
    n = len(talk.lines)
    found = np.eye(n, dtype=np.float32)
    last: dict[int, int] = {}
    for i, line in enumerate(talk.lines):
        j = last.get(line.who)
        if j is not None and not line.links and line.at_s - talk.lines[j].at_s <= BURST_S:
            found[i, j] = found[j, i] = FLOW
        for j in line.links:
            found[i, j], found[j, i] = max(found[i, j], FLOW), max(found[j, i], FLOW / 2)
        last[line.who] = i
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """Vectors of every line by kind, the stems of its words, and their weights in this meeting."""

    vectors: dict[str, Floats]
    stems: list[list[str]]
    weight: dict[str, float]


def meaning(talk: Talk, vocabulary: Vocabulary, around: Floats) -> Meaning:
    """All that is known of what the lines are about. `around`: see `flow`."""
    spoken = [[w.split("'")[0] for w in line.words] for line in talk.lines]
    spoken = [[w for w in row if w not in talk.names] for row in spoken]
    pieces = {w: vocabulary.split(plain_word(w)) for w in sorted({w for row in spoken for w in row})}
    rarity = {w: _rarity(found, vocabulary) for w, found in pieces.items()}
    stems = [[stem(w) for w in row if len(w) > 1] for row in spoken]
    weight = _weights(spoken, stems, rarity)
    rows = _own_words(stems, weight)
    means = (
        np.stack([_mean([p for w in row for p in pieces[w]], vocabulary) for row in spoken])
        if spoken
        else np.zeros((0, vocabulary.vectors.shape[1]), np.float32)
    )
    return Meaning({"rare": centred(means), "words": rows, "themes": _themes(rows, around)}, stems, weight)


def _weights(spoken: list[list[str]], stems: list[list[str]], rarity: dict[str, float]) -> dict[str, float]:
    """Stem -> rarity in the meeting times rarity in everyday chat."""
    common: dict[str, float] = {}
    for row in spoken:
        for word in row:
            common[stem(word)] = min(rarity[word], common.get(stem(word), math.inf))
    seen = Counter(s for row in stems for s in set(row))
    return {s: math.log((len(stems) + 1) / (n + 0.5)) * common[s] for s, n in sorted(seen.items())}


def _rarity(pieces: tuple[int, ...], vocabulary: Vocabulary) -> float:
    return float(max((vocabulary.rarity[p] for p in pieces), default=vocabulary.rarity.max()))


def plain_word(word: str) -> str:
    """Without accents, letters and digits only."""
    return "".join(_TOKEN.findall("".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))))


def _mean(pieces: list[int], vocabulary: Vocabulary) -> Floats:
    if not pieces:
        return np.zeros(vocabulary.vectors.shape[1], np.float32)
    return np.asarray(vocabulary.rarity[pieces] @ vocabulary.vectors[pieces] / len(pieces), np.float32)


def _own_words(stems: list[list[str]], weight: dict[str, float]) -> Floats:
    column = {s: k for k, s in enumerate(weight)}
    rows = np.zeros((len(stems), max(1, len(column))), np.float32)
    for i, row in enumerate(stems):
        for s, count in Counter(row).items():
            rows[i, column[s]] = (1 + math.log(count)) * weight[s]
    return unit(rows)


def _themes(rows: Floats, around: Floats, width: int = 50) -> Floats:
    """Words that occur in the same contexts come near each other (latent semantic analysis, Deerwester et al. 1990)."""
    context = around @ rows
    values, left = np.linalg.eigh(context @ context.T)
    kept = np.argsort(-values, kind="stable")[: max(2, min(width, len(rows) // 4))]
    kept = kept[values[kept] > 1e-6]
    axes = context.T @ left[:, kept] / np.sqrt(values[kept])
    return unit(rows @ axes)
