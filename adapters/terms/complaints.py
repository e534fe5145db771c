"""What the parser of TOML complains of, so that it can be said in either language.

The parser of the standard library writes its complaints in English only. Those it is known to have are listed here; another,
of a later version, is passed on as it stands.
"""

import re

from domain.refusal import Sayable, said

_COMPLAINTS: dict[str, str] = {
    "Invalid statement": said("this is not a statement"),
    "Expected newline or end of document after a statement": said("a statement ends with its line, and more follows"),
    "Expected '=' after a key in a key/value pair": said("a key is followed by ="),
    "Expected ']' at the end of a table declaration": said("the name of a table ends with ]"),
    "Expected ']]' at the end of an array declaration": said("the name of a list of tables ends with ]]"),
    "Invalid initial character for a key part": said("a key cannot begin like this"),
    "Cannot overwrite a value": said("this has a value already"),
    r"Cannot declare \((?P<text>.*?),?\) twice": said("the table {text} stands twice"),
    r"Cannot (?:mutate immutable|redefine) namespace \((?P<text>.*?),?\)": said("the table {text} takes no more"),
    "Duplicate inline table key (?P<text>.+)": said("the key {text} stands twice in one table"),
    "Unclosed array": said("a list is not closed"),
    "Unclosed inline table": said("a table in one line is not closed"),
    "Unterminated string": said("a text is not closed"),
    r"Expected (?P<text>.+)": said("{text} is missing"),
    r"Unescaped '\\' in a string": said("a backslash in a text stands for nothing; write two"),
    "Invalid hex value": said("a character is not written in hexadecimal"),
    "Escaped character is not a Unicode scalar value": said("a character does not exist in Unicode"),
    "(?:Found invalid|Illegal) character (?P<text>.+)": said("the character {text} cannot stand here"),
    "Invalid date or datetime": said("there is no such date or time"),
    "Invalid value": said("this is not a value; a text stands between quotation marks"),
}


def complaint(message: str) -> Sayable | str:
    """A complaint of the parser, without the place it names, as it can be said; one that is not known, as it stands."""
    for pattern, template in _COMPLAINTS.items():
        if found := re.fullmatch(pattern, message):
            # A table within tables is named by a tuple of keys.
            return Sayable(template, **{name: text.replace("', '", ".") for name, text in found.groupdict().items()})
    return message
