"""The languages people read, Spanish and English: which one to speak, and how a marked message is said in it.

Messages are written in English in the code, marked with `_`, `ngettext` or `said`, and found in `locales/`. It translates
words, never data: ids, types, codes and figures are the same in every language.
"""

import gettext as catalogs
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from domain.refusal import Sayable

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
LOCALES = Path(__file__).parent / "locales"
DOMAIN = "bitacora"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_NESTED = ("what", "missing", "whom", "problem", "expected", "got")
"""Values of a message that are words of ours or of the system themselves, not data."""


class Message(Protocol):
    """What can be said in either language: an English template marked with `said`, and the values that go into it."""

    @property
    def template(self) -> str: ...

    @property
    def values(self) -> Mapping[str, object]: ...


def language_of(given: str | None, environment: Mapping[str, str]) -> Language:
    """The language asked for, else that of the locale (LC_ALL, LC_MESSAGES, LANG: the first that is set), else English."""
    asked = given or next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "es" if asked.lower().partition("_")[0].partition(".")[0] == "es" else "en"


@lru_cache
def catalog(language: Language) -> catalogs.NullTranslations:
    """The messages of a language; English is what the code itself says."""
    if language == "en":
        return catalogs.NullTranslations()
    return catalogs.translation(DOMAIN, LOCALES, [language])


_spoken: ContextVar[Language] = ContextVar("spoken", default="en")


def speak(language: Language) -> None:
    """From here on, in this context, messages are said in that language."""
    _spoken.set(language)


def spoken() -> Language:
    """The language being spoken."""
    return _spoken.get()


def _(message: str) -> str:
    """A marked message in the language spoken; as it stands if nobody translated it."""
    return catalog(_spoken.get()).gettext(message) if message else message


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message for so many things, in the language spoken."""
    return catalog(_spoken.get()).ngettext(singular, plural, count)


def worded(message: Message) -> str:
    """An error or a fault of a file, in the language spoken, with those that are among its values."""
    values = {name: _value(name, value) for name, value in message.values.items()}
    return _(message.template).format(**values)


def _value(name: str, value: object) -> object:
    if isinstance(value, Sayable):
        return worded(value)
    return _(str(value)) if name in _NESTED else value
