"""The words people read: templates of `config/texts/`, filled with values. A sentence is changed there, not here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import jinja2

from peerplugin.core.meetings import day_in_words, in_words
from peerplugin.errors import MistakeError

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()


def number_in_words(n: int) -> str:
    """`four`, `13`: small numbers as words, as in a sentence."""
    return _NUMBERS[n] if 0 <= n < len(_NUMBERS) else str(n)


def members(n: int) -> str:
    """`One member`, `Four members`."""
    return f"{number_in_words(n).capitalize()} member{'' if n == 1 else 's'}"


class Words:
    """All texts of a group. A missing value or text is an error at once, not a hole in a sentence."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.DictLoader(dict(templates)),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text and Markdown, not HTML
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self._environment.filters.update(members=members, in_words=number_in_words, day=day_in_words)
        self.names = frozenset(templates)

    def text(self, name: str, /, **values: object) -> str:
        """One text, filled. Raises MistakeError where the text is missing, is no template, or wants a value that it does not get."""
        try:
            return self._environment.get_template(name).render(**values).strip()
        except jinja2.TemplateNotFound as error:
            raise MistakeError(f"config/texts/{error.name} is missing: put it back, or take our copy.") from None
        except jinja2.TemplateError as error:  # its message names what is undefined, never a value
            raise MistakeError(f"config/texts/{name} cannot be filled ({error.message}): compare it with our copy.") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # its message may hold a value
            raise MistakeError(f"config/texts/{name} cannot be filled ({type(error).__name__}): compare it with our copy.") from None

    def check(self) -> None:
        """Raises MistakeError where a text is no template."""
        for name in sorted(self.names):
            try:
                self._environment.get_template(name)
            except jinja2.TemplateSyntaxError as error:
                raise MistakeError(f"config/texts/{name}, line {error.lineno}: {error.message}. Compare it with our copy.") from None


def when(at: datetime | None, zone: str | None) -> str:
    """An instant in words, or an empty text."""
    return in_words(at, zone) if at is not None else ""
