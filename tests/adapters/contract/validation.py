"""How the tests ask whether a value fits a schema: by `jsonschema`, formats of times and dates among it."""

from datetime import date, datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """Everything in which a value does not fit a schema."""
    found = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(value)
    return [f"{it.json_path}: {it.message}" for it in found]
