"""Other words for what was recorded: each case has an alphabet of its own, so a word stays as long and as written as it was."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Mapping

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
_LET_BE = (
    r"\(post deleted by author\)|Invalid date",
    r"</?[a-zA-Z][^>]*>|<!--|&\w+;",
    r"(?:https?:)?//[^\s\"'<>]+|\bwww\.\S+|\S+@[a-z]+\.\S+|upload://\S+",
    r"\[/?details=?|\[/?(?:date|date-range|quote|poll|color|spoiler|unknown|[bius])\b[^\]\n]*\]",
    r"::tag\b|:[a-z_0-9+]+:|```\w*",
    r"\b(?:order|after|before|status|in):\S+|\b(?:category|tags):(?=\S)",
    r"\d{4}-\d\d-\d\dT[\d:.]+Z?(?: UTC)?|Thursday, November[^<]*?[AP]M",
)
"""What means something to the forum: its own sentences, tags, addresses, BBCode, emoji, the search's filters, moments."""


class Fresh:
    """New words for one case. The same seed gives the same ones."""

    def __init__(self, seed: str, people: Mapping[str, str] | None = None, kept: Mapping[str, str] | None = None) -> None:
        self._random = random.Random(seed)
        self._letters = dict(zip(_VOWELS + _CONSONANTS, self._shuffled(_VOWELS) + self._shuffled(_CONSONANTS), strict=True))
        self._suffix = self.word(6)
        self.people = dict(people or {})
        """What accounts and groups are called here."""
        self._named = self.people | dict(kept or {})
        named = sorted(map(re.escape, self._named), key=len, reverse=True)
        parts = [rf"(?P<named>\b(?:{'|'.join(named)})\b)"] if named else []
        self._parts = re.compile("|".join([*parts, f"(?P<be>{'|'.join(_LET_BE)})", r"(?P<letters>[^\W\d_]+)"]))

    def text(self, text: str) -> str:
        """A title, a text, a tag, a slug."""
        return self._parts.sub(self._part, text)

    def external_id(self, external_id: str) -> str:
        """An external id that no topic of any run had; one in capitals is the other one in capitals."""
        suffix = f"-{self._suffix}"
        return self.text(external_id) + (suffix.upper() if external_id.isupper() else suffix)

    def word(self, length: int) -> str:
        """A word that can be spoken."""
        return "".join(self._random.choice(_CONSONANTS if at % 2 == 0 else _VOWELS) for at in range(length))

    def _shuffled(self, letters: str) -> str:
        while True:
            shuffled = "".join(self._random.sample(letters, len(letters)))
            if all(old != new for old, new in zip(letters, shuffled, strict=True)):
                return shuffled

    def _part(self, match: re.Match[str]) -> str:
        if match.lastgroup == "be":
            return match[0]
        return self._named[match[0]] if match.lastgroup == "named" else "".join(map(self._letter, match[0]))

    def _letter(self, letter: str) -> str:
        """The letter of this case's alphabet, with the accents of the old one."""
        plain, *accents = list(unicodedata.normalize("NFD", letter))
        new = self._letters.get(plain.lower())
        if new is None:
            return letter
        return unicodedata.normalize("NFC", (new.upper() if plain.isupper() else new) + "".join(accents))
