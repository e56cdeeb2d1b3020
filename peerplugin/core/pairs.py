"""How likely two lines share a thread: what is known of every pair of a stretch, and the odds that trained trees give it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from peerplugin.core.forest import Floats, Forest, Indices, sigmoid
from peerplugin.core.lines import Talk, units
from peerplugin.core.meaning import Meaning, Vocabulary, flow, meaning, unit

TO_ALL = re.compile(
    r"\b(any(one|body)|does everyone|has any|can i ask|question|ask (a|one)|my (thing|one|turn)|you all|different (one|subject)|new (one|here)|"
    r"how do (you|people)|what do you (all|people))\b", re.I
)  # fmt: skip
BACK = re.compile(
    r"\b(back to|going back|earlier|re:|re |about the|as for|(on )?the .* thing|(since|like|what) .* said|ps|for .*:)\b", re.I
)  # fmt: skip
LEANS = re.compile(
    r"^(yes|yeah|yep|no|nope|ok|okay|oh|thanks|thank you|thx|ty|same|this|exactly|right|lol|haha|ha|wow|ugh|mine|me too|and|also|but|so|then|or|"
    r"because|bc|it|that|it'?s|that'?s|they|there|which)\b", re.I
)  # fmt: skip
NEAR = 60
"""Lines either side among which a likeness counts as high or low."""
COMMON = 0.15
"""A word in more of the lines than this joins nobody."""
LONG_AGO_S = 999.0
LEARNED, FADING = 300, 100
"""So many lines apart the labelled meetings still tell something; an hour of talk is no more."""
QUIET_S, LINE_S = 120.0, 30.0
"""A pause of more than QUIET_S parts as much talk as a line every LINE_S would."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of a talk, made ready for the models."""

    talk: Talk
    units: Indices  # (n,)
    earlier: Indices  # (pairs,)
    later: Indices
    features: Floats  # (pairs, features)
    position: Indices  # (n,) place among the lines that are no asides
    likeness: tuple[Floats, ...]  # (n, n) cosines in context: meaning, words


def window(talk: Talk, vocabulary: Vocabulary) -> Window:
    """All features of all pairs of a stretch of talk: n lines need about n * n * 100 bytes."""
    n = len(talk.lines)
    earlier, later = np.triu_indices(n, 1)
    position = _positions(talk)
    columns = _talk(talk, earlier, later, position)
    around = flow(talk)
    known = meaning(talk, vocabulary, around)
    likeness: dict[str, Floats] = {}
    for name, rows in known.vectors.items():
        in_context = unit(around @ rows)
        likeness[name] = in_context @ in_context.T
        columns["alone_" + name] = (rows @ rows.T)[earlier, later]
        columns["context_" + name] = likeness[name][earlier, later]
        standing = _standing(likeness[name])
        columns["standing_" + name], columns["standing_back_" + name] = standing[later, earlier], standing[earlier, later]
    columns |= _rare(known, around, earlier, later)
    table = np.column_stack([np.asarray(c, np.float32) for c in columns.values()])
    return Window(talk, np.array(units(talk), np.intp), earlier, later, table, position, (likeness["rare"], likeness["words"]))


def probabilities(forest: Forest, ready: Window) -> Floats:
    """(n, n) probability of sharing a thread; the diagonal is zero. Beyond what was learned from it fades."""
    n = len(ready.talk.lines)
    beyond = ready.position[ready.later] - ready.position[ready.earlier] - LEARNED
    found = np.zeros((n, n), np.float32)
    found[ready.earlier, ready.later] = sigmoid(forest.scores(ready.features)) * np.exp(-np.maximum(0, beyond) / FADING)
    return found + found.T


def _positions(talk: Talk) -> Indices:
    """(n,) how many lines were said before each: asides are none, and in a silence as many as would have been said."""
    at = np.array([line.at_s for line in talk.lines])
    silence = np.maximum(0, np.diff(at, prepend=at[:1]) - QUIET_S) // LINE_S
    return np.cumsum(silence + np.array([not line.aside for line in talk.lines])).astype(np.intp)


def _talk(talk: Talk, i: Indices, j: Indices, position: Indices) -> dict[str, Floats]:
    """Who, when and how: everything but what it is about."""
    lines, n = talk.lines, len(talk.lines)
    at, who = np.array([m.at_s for m in lines]), np.array([m.who for m in lines], np.intp)
    told = np.zeros((n + 1, talk.speakers), np.int32)  # lines of each speaker before line i
    names, linked, ties = np.zeros((n, talk.speakers), bool), np.zeros((n, n), bool), np.zeros((talk.speakers,) * 2)
    for k, m in enumerate(lines):
        told[k + 1] = told[k]
        told[k + 1, m.who] += 1
        names[k, list(m.named)] = True
        ties[m.who, list(m.named)] += 0.5
        for target in m.links:
            linked[k, target] = linked[target, k] = True
            ties[m.who, who[target]] += who[target] != m.who
    own, pause = told[np.arange(n), who], np.diff(at, prepend=at[:1])
    asks, to_all, leans, back = (np.array([bool(p.search(m.text)) for m in lines], bool) for p in (re.compile(r"\?"), TO_ALL, LEANS, BACK))
    asked, same = np.cumsum(asks | to_all), who[i] == who[j]
    columns: dict[str, Floats] = {
        "distance": position[j] - position[i],
        "seconds": at[j] - at[i],
        "same": same,
        "own_distance": np.where(same, own[j] - own[i], -1),
        "asked_between": asked[j - 1] - asked[i],
        "by_i_between": told[j, who[i]] - told[i + 1, who[i]],
        "by_j_between": told[j, who[j]] - told[i + 1, who[j]],
        "pause_before": pause[j],
        "pause_after": np.append(pause[1:], LONG_AGO_S)[i],
        "ties": (ties + ties.T)[who[i], who[j]],
        "j_names_i": names[j, who[i]],
        "i_names_j": names[i, who[j]],
        "both_name": np.asarray((names[i] & names[j]).any(1)),
        "linked": linked[i, j],
        "back_j": back[j],
    }
    each: dict[str, Floats] = {
        "told": told[n][who],
        "names": np.asarray(names.any(1)),
        "asks": asks,
        "to_all": to_all,
        "leans": leans,
        "length": np.array([len(m.words) for m in lines], np.int32),
        "moderator": np.array([m.moderator for m in lines], bool),
        "has_link": np.array([bool(m.links) for m in lines], bool),
    }
    for name, value in each.items():
        columns |= {name + "_i": value[i], name + "_j": value[j]}
    return columns


def _standing(likeness: Floats) -> Floats:
    """Row j: how far each likeness stands above those of j with its neighbours, in standard deviations."""
    out = np.zeros_like(likeness)
    for j, row in enumerate(likeness):
        around = np.r_[row[max(0, j - NEAR) : j], row[j + 1 : j + NEAR + 1]]
        if len(around):
            out[j] = (row - around.mean()) / (around.std() + 1e-6)
    return out


def _rare(known: Meaning, around: Floats, i: Indices, j: Indices) -> dict[str, Floats]:
    """The weight of the rarest stem that two lines share, alone and with what flows into them."""
    where: dict[str, list[int]] = {}
    for k, row in enumerate(known.stems):
        for s in set(row):
            where.setdefault(s, []).append(k)
    n = len(known.stems)
    rare = np.zeros((n, n), np.float32)
    for s in sorted(where, key=lambda s: (known.weight[s], s)):  # the rarest is written last
        if 1 < len(where[s]) < COMMON * n:
            rare[np.ix_(where[s], where[s])] = known.weight[s]
    np.fill_diagonal(rare, 0)
    reach = [np.flatnonzero(row) for row in around]
    near = np.stack([rare[r].max(0) for r in reach]) if n else rare
    context = np.stack([near[:, r].max(1) for r in reach], 1) if n else rare
    return {"rare": rare[i, j], "rare_context": context[i, j]}
