"""Learns what a message is for, and whether it carries something worth telling: linear models as JSON.

Deterministic: the same meetings give the same numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from peerplugin.core.draft import scrubbed, weights_of
from peerplugin.core.english import content
from peerplugin.core.model import EventId
from peerplugin.core.rules import Rules
from peerplugin.core.signals import place_signals, shape_signals, word_signals
from peerplugin.learning.labelled import Labelled

ROLES = ("question", "experience", "emotion", "suggestion", "doctor", "resource", "social")
FILE = "statements.json"
_SMALLEST = 0.02
"""A weight nearer to nothing than this is not written."""


def learn(meetings: Sequence[Labelled], rules: Rules, out: Path, strength: float = 4.0) -> None:
    """Learn from these meetings; write `statements.json` into the folder `out`."""
    rows: list[dict[str, float]] = []
    truths: list[set[str]] = []
    for meeting in meetings:
        for signals, kinds in examples(meeting, rules):
            rows.append(signals)
            truths.append(kinds)
    labels = (*ROLES, "key")
    vectorizer = DictVectorizer()
    seen = vectorizer.fit_transform(rows)
    seen.indices, seen.indptr = seen.indices.astype("int32"), seen.indptr.astype("int32")  # liblinear takes no others
    table: list[list[float]] = [[] for _ in vectorizer.feature_names_]
    biases = []
    for label in labels:
        model = LogisticRegression(C=strength, max_iter=400, solver="liblinear", random_state=0)
        model.fit(seen, [label in kinds for kinds in truths])
        biases.append(round(float(model.intercept_[0]), 3))
        for column, weight in zip(table, model.coef_[0], strict=True):
            column.append(round(float(weight), 2))
    weights = {
        name: column
        for name, column in zip(vectorizer.feature_names_, table, strict=True)
        if max(abs(w) for w in column) > (_SMALLEST if name[0] in "sp" else 10 * _SMALLEST)
    }
    out.mkdir(parents=True, exist_ok=True)
    written = json.dumps(
        {"labels": labels, "biases": biases, "weights": weights}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    (out / FILE).write_text(written + "\n", encoding="utf-8")


def examples(meeting: Labelled, rules: Rules) -> list[tuple[dict[str, float], set[str]]]:
    """Every message with its signals and its labels; `key` where a key point rests on it."""
    said, clean = scrubbed(meeting.transcript, rules)
    weights = weights_of([clean[m.event_id].text for m in said])
    kinds = {m["event_id"]: set(m["kinds"]) for m in meeting.gold["messages"]}
    key = {e for k in meeting.gold["key_points"] for e in k["sources"]}
    by_id = {m.event_id: m for m in said}
    places: dict[EventId, dict[str, float]] = {}
    for thread in meeting.threads():
        members = [by_id[e] for e in thread.event_ids if e in by_id]
        places |= place_signals(members, frozenset(content(members[0].text)))
    found = []
    for m in said:
        text = clean[m.event_id].text
        signals = word_signals(text) | shape_signals(text, weights) | places.get(m.event_id, {"p none": 1.0})
        labels = kinds.get(m.event_id, set()) | ({"key"} if m.event_id in key else set())
        found.append((signals, labels if labels - {"command"} else labels | {"social"}))
    return found
