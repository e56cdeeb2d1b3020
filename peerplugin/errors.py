"""Errors that cross a border: one for everything outside us, one for what a person got wrong.

PeerpluginError            a sentence for the operator; never holds what a member wrote
|- MistakeError            settings, files, arguments: what is wrong, where, what to do
`- OutsideError            a homeserver or a forum did not do what was asked
     permanent             asking again will not help
     retry_after_s         the other side's own wish, if it gave one
     kind                  refused, slow, cut, not_json, rate_limited, server, read_only, rights, missing, conflict, invalid
"""

from __future__ import annotations


class PeerpluginError(Exception):
    """A failure with a sentence that an operator understands."""


class MistakeError(PeerpluginError):
    """Something a person wrote is wrong: a settings key, a file, an argument."""


class OutsideError(PeerpluginError):
    """A call to another system failed. `permanent`: asking again will not help until a person acts."""

    def __init__(self, sentence: str, *, kind: str, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.kind = kind
        self.permanent = permanent
        self.retry_after_s = retry_after_s
