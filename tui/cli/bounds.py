"""Values on the command line that do not fit, told before anything is sent to the engine."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn, TypeVar

import msgspec

from engine.errors import ConfigurationError

_UNFIT = re.compile(
    r"Expected `\w+` (?P<length>of length )?(?P<bound>>=|<=|>|<) (?P<limit>\S+)"
    r" - at `\$\.(?P<field>\w+).*`"
)
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_SHOWN = {"model": "NAME", "name": "the name", "paths": "PATH", "number": "-n", "word": "WORD"}

StructT = TypeVar("StructT", bound=msgspec.Struct)


class CommandParser(argparse.ArgumentParser):
    """A parser that reports what is wrong in the form of all other failures."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].removesuffix(".") + "."
        raise ConfigurationError(sentence, f"`{self.prog} --help` lists what there is.")


def fitting(value: StructT) -> StructT:
    """``value``, if every field of it is in its range.

    Raises:
        ConfigurationError: naming the option that is not, and what is allowed.
    """
    plain = msgspec.to_builtins(value)
    made_fitting(type(value), plain)
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        shown = error.object.encode(errors="backslashreplace").decode()
        raise ConfigurationError(
            f"{shown[:200]} has bytes that are no UTF-8.", "Give the file or the text another form."
        ) from None
    return value


def made_fitting(kind: type[StructT], values: dict[str, Any]) -> StructT:
    """``values`` as a ``kind``; raises like :func:`fitting`."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), values) from None


def _unfit(reason: str, values: dict[str, Any]) -> ConfigurationError:
    found = _UNFIT.fullmatch(reason)
    if found is None:
        return ConfigurationError(f"The command line does not fit: {reason}.")
    field = found["field"]
    shown = _SHOWN.get(field, "--" + field.replace("_", "-"))
    value = values.get(field)
    if found["length"]:
        what = "empty" if not value else "too long"
        return ConfigurationError(f"{shown} is {what}.")
    hint = f"Allowed: {_BOUNDS[found['bound']]} {found['limit'].removesuffix('.0')}."
    return ConfigurationError(f"{shown} {value} is not allowed.", hint)
