"""TOML files read into tables, and what is wrong with one in plain words; knows no setting."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from digestbot.domain.errors import ConfigError

MEND = "mend the file and start again"
_SAID = {
    "missing": "is needed",
    "string_type": "must be text in quotation marks",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "tuple_type": "must be a list in square brackets",
    "model_type": "must be a table",
    "time_type": 'must be a time of day such as "08:00"',
    "time_parsing": 'must be a time of day such as "08:00"',
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "too_short": "is too short: it needs {min_length} or more",
    "string_too_short": "is too short: it needs {min_length} or more",
}
"""What pydantic's kinds of fault are called here (docs.pydantic.dev, “Validation Errors”)."""


def read_toml(path: Path, *, missing: str) -> dict[str, Any]:
    """Return the table in a TOML file; a byte order mark, which some editors put before it, is passed over.

    Args:
        path: The file.
        missing: What to do where there is none.

    Raises:
        ConfigError: It is not there, cannot be read, or is not TOML.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: does not exist"], hint=missing) from error
    except IsADirectoryError as error:
        raise ConfigError([f"{path}: is a folder"], hint="name the file in it") from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text"], hint="save it as UTF-8 and start again") from error
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
        raise ConfigError([f"{path}: {why}"], hint="let the user who runs digestbot read it") from error
    except ValueError as error:  # TOMLDecodeError, and a path with a NUL in it
        raise ConfigError([f"{path}: is not TOML: {error}"], hint=MEND) from error


def faults_of(error: ValidationError, model: type[BaseModel], where: str) -> list[str]:
    """Name each fault as ``where: key: what is wrong``; a wrong value, which may be a secret, is never repeated."""
    found = error.errors(include_url=False, include_input=False)
    wrong = {fault["loc"] for fault in found}
    faults = []
    for fault in found:
        if fault["type"] == "too_short" and any(one[:-1] == fault["loc"] for one in wrong):
            continue  # it is short of the items that are named as wrong themselves
        key = ".".join(str(part) for part in fault["loc"])
        faults.append(": ".join(filter(None, (where, key, _told(fault, model)))))
    return faults


def _told(fault: ErrorDetails, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        *above, name = fault["loc"]
        near = get_close_matches(str(name), list(_names(model, above)), n=1)
        return f"is no setting; did you mean “{near[0]}”?" if near else "is no setting"
    said = _SAID.get(fault["type"])
    return said.format(**fault.get("ctx", {})) if said else fault["msg"].removeprefix("Value error, ")


def _names(model: type[BaseModel], above: Sequence[int | str]) -> Mapping[str, object]:
    """Return the settings of a model, or of the table that the keys above lead to."""
    for part in above:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models(model.model_fields[part].annotation), model)
    return model.model_fields


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
