"""Whether a line belongs to a cluster that is not yet right: what the second model is told of every line and every cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peerplugin.core.forest import Floats, Indices
from peerplugin.core.pairs import Window

REACHES = (8, 30, 100)
"""Lines after which nearness has faded to a third."""
FAR = 300.0
LONG = 30


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """What of a stretch of talk does not change while its lines move between clusters; (n, n) unless it says otherwise."""

    ready: Window
    pairs: Floats
    other: Floats  # 1 where two lines are of different units: all that follows is 0 where they are of one
    ahead: Floats  # how many lines the first stands behind the second
    chance: Floats  # the pairs
    odds: Floats
    close: tuple[tuple[Floats, Floats], ...]  # nearness, and the chance weighted by it, for each of REACHES
    fading: tuple[Floats, Floats]  # the chance that fades with distance, behind and ahead
    same: Floats  # of one speaker
    same_near: Floats
    calls_near: Floats
    likeness: tuple[Floats, ...]
    own: Floats  # (n, 2) length, and whether it asks


def field(ready: Window, pairs: Floats) -> Field:
    """Everything that the sweeps over one stretch share."""
    other = (ready.units[:, None] != ready.units[None]).astype(np.float32)
    ahead = (ready.position[:, None] - ready.position[None]).astype(np.float32)
    far = np.abs(ahead)
    speaker = np.array([line.who for line in ready.talk.lines], np.intp)
    same = (speaker[:, None] == speaker[None]) * other
    close = [np.exp(-far / reach) * other for reach in REACHES]
    chance = pairs * other
    fading = chance * np.exp(-far / 40)
    own = np.array([[min(LONG, len(m.words)), "?" in m.text] for m in ready.talk.lines], np.float32)
    return Field(
        ready, pairs, other, ahead, chance, _log_odds(pairs) * other, tuple((near, pairs * near) for near in close),
        (fading * (ahead > 0), fading * (ahead < 0)), same, same * np.exp(-far / 25), _calls(ready) * np.exp(-far / 30) * other,
        tuple(like * other for like in ready.likeness), own,
    )  # fmt: skip


def joining(known: Field, label: Indices, openings: Sequence[int] = ()) -> Floats:
    """(n, clusters, features) of every line against every cluster, its own unit left out. Labels are 0, 1, ..."""
    n, member = len(label), np.eye(label.max() + 1, dtype=np.float32)[label]
    count = np.maximum(known.other @ member, 1e-9)
    parts = [known.chance @ member / count, known.odds @ member / count]
    for close, likely in known.close:
        near = close @ member
        parts += [_share(near), (likely @ member) / (near + 0.3)]
    parts += [_share(fading @ member) for fading in known.fading]
    parts += _nearest(known.chance, known.other, known.ahead, label)
    parts += [_share(known.same @ member, 1), known.same_near @ member, known.calls_near @ member]
    parts += [like @ member / (count + 2) for like in known.likeness]
    parts += [np.log1p(count), np.broadcast_to(member.sum(0) / n, member.shape)]
    block = np.stack(parts, 2).astype(np.float32)
    against_best = block - block.max(1, keepdims=True)
    standing = (block - block.mean(1, keepdims=True)) / (block.std(1, keepdims=True) + 1e-6)
    few = block[:, :, [0, 5, 10]]
    rank = (few[:, :, None] < few[:, None]).sum(2)
    own = np.column_stack([known.own, np.full(n, member.shape[1], np.float32)])
    own_block = np.broadcast_to(own[:, None], (n, member.shape[1], 3))
    return np.concatenate([block, against_best, standing, rank, own_block, _anchors(known.ready, label, openings)], 2).astype(np.float32)


def _share(x: Floats, prior: float = 1e-9) -> Floats:
    return np.asarray(x / (x.sum(1, keepdims=True) + prior), np.float32)


def _log_odds(pairs: Floats) -> Floats:
    clipped = np.clip(pairs, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def _calls(ready: Window) -> Floats:
    """(n, n): whether one of two lines calls the other's speaker by name."""
    speaker = np.array([line.who for line in ready.talk.lines], np.intp)
    named = np.zeros((len(speaker), ready.talk.speakers), np.float32)
    for i, line in enumerate(ready.talk.lines):
        named[i, list(line.named)] = 1
    return np.asarray(np.minimum(1, named[:, speaker] + named[:, speaker].T))


def _nearest(chance: Floats, other: Floats, ahead: Floats, label: Indices) -> list[Floats]:
    """The three likeliest partners in each cluster, and how far its nearest line is before and after."""
    shape = (len(label), int(label.max()) + 1)
    top3, before, after = (np.zeros(shape, np.float32) for _ in range(3))
    far = np.abs(ahead)
    for k in range(shape[1]):
        inside = label == k
        top3[:, k] = np.sort(chance[:, inside], axis=1)[:, -3:].mean(1)
        gap = np.where(other[:, inside] > 0, far[:, inside], FAR)
        before[:, k] = np.where(ahead[:, inside] > 0, gap, FAR).min(1)
        after[:, k] = np.where(ahead[:, inside] < 0, gap, FAR).min(1)
    return [top3, np.minimum(before, FAR), np.minimum(after, FAR)]


def _anchors(ready: Window, label: Indices, openings: Sequence[int]) -> Floats:
    """Whether a cluster has a given opening, how far a line stands behind it, and the share of clusters that have one."""
    shape = (len(label), int(label.max()) + 1)
    found = np.zeros((*shape, 3), np.float32)
    found[:, :, 1] = -FAR
    for opening in sorted(openings, reverse=True):  # of two in one cluster the earlier counts
        k = label[opening]
        found[:, k, 0] = 1
        found[:, k, 1] = np.clip(ready.position - ready.position[opening], -FAR, FAR)
    found[:, :, 2] = len({int(label[o]) for o in openings}) / shape[1]
    return found
