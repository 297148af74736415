"""The user's settings: a TOML file that is read once, checked value by value, and never trusted.

A part that is wrong is reported in a sentence and replaced by its default; the rest holds.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine import paths
from engine.protocol.values import SamplerSettings, StopRule
from tui import keys as terminal_keys
from tui.keymap import ACTIONS

MAX_CONFIG_BYTES = 1 << 20

THEMES = ("dark", "light")

USUAL_ODDS = SamplerSettings(temperature=0.95, top_p=0.95, no_repeat_ngram=4, paired_brackets=True)
"""What one begins with. It says words and phrases again as often as a script does; colder, a model
that copies goes round in circles, and where any four words may come twice, it may go on with one
and the same word for ever (``benchmarks/repetition.py``)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration file can set, with the defaults."""

    theme: Literal["dark", "light", ""] = ""
    """Empty keeps what was used last."""
    escape_delay: Annotated[int, Meta(ge=10, le=2000)] = 100
    """Milliseconds to wait, after Esc, for the rest of a key's code."""
    sampler: SamplerSettings = USUAL_ODDS
    stop: StopRule = StopRule(finish=True)
    keys: dict[str, tuple[str, ...]] = {}
    """The user's keys by action id, in Textual's spelling."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the Train room trains, unless its form says otherwise."""


class Configuration(msgspec.Struct, frozen=True):
    """Checked settings and what was wrong with the file."""

    settings: Settings
    problems: tuple[str, ...] = ()


_SCALARS = {"theme": "dark or light", "escape_delay": "10 to 2000 milliseconds",
            "device": "auto, cpu, cuda or mps"}  # fmt: skip
_TABLES: dict[str, type[SamplerSettings] | type[StopRule]] = {
    "sampler": SamplerSettings,
    "stop": StopRule,
}


def load(file: Path | None = None) -> Configuration:
    """The settings in ``file`` (the user's own by default); a missing file means all defaults."""
    file = file or paths.config_file()
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_CONFIG_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Configuration(Settings())
    except OSError as error:
        return _unusable(file, f"it cannot be read ({error.strerror})")
    if len(raw) > MAX_CONFIG_BYTES:
        return _unusable(file, "it is larger than 1 MB")
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _unusable(file, "it is not UTF-8 text")
    except (ValueError, RecursionError) as error:  # what is no TOML, and numbers without end
        return _unusable(file, f"not valid TOML ({error})")
    return check(table)


def check(table: dict[str, Any]) -> Configuration:
    """``table``, as read from TOML, into settings; what is wrong with it is left at its default."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in _SCALARS:
            try:
                msgspec.convert({name: value}, Settings)
                values[name] = value
            except msgspec.ValidationError:
                problems.append(f"{name} = {value!r} is not allowed: {_SCALARS[name]}.")
        elif name in _TABLES and isinstance(value, dict):
            values[name] = _checked_table(name, value, problems)
        elif name == "keys" and isinstance(value, dict):
            values["keys"] = _checked_keys(value, problems)
        elif name in _TABLES or name == "keys":
            problems.append(f"{name} must be a table: write [{name}] above its lines.")
        else:
            known = ", ".join([*_SCALARS, *_TABLES, "keys"])
            problems.append(f"there is no setting called {name!r}. Known: {known}.")
    return Configuration(Settings(**values), tuple(problems))


def _unusable(file: Path, why: str) -> Configuration:
    return Configuration(
        Settings(), (f"{file.name}: {why}. The default settings are used until it is mended.",)
    )


def _checked_table(name: str, table: dict[str, Any], problems: list[str]) -> Any:
    kind = _TABLES[name]
    good: dict[str, Any] = {}
    known = {field.name for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in known:
            problems.append(
                f"[{name}] there is no setting called {key!r}. Known: {', '.join(sorted(known))}."
            )
            continue
        try:
            msgspec.convert({key: value}, kind)
        except msgspec.ValidationError as error:
            problems.append(f"[{name}] {key} = {value!r} is not allowed: {_reason(error)}.")
        else:
            good[key] = value
    usual = msgspec.to_builtins(getattr(Settings(), name))
    return msgspec.convert(usual | good, kind)


def _reason(error: msgspec.ValidationError) -> str:
    text = str(error).partition(" - at ")[0]
    return text[:1].lower() + text[1:]


def _checked_keys(table: dict[str, Any], problems: list[str]) -> dict[str, tuple[str, ...]]:
    own: dict[str, tuple[str, ...]] = {}
    for action_id, value in _flat(table):
        if action_id not in ACTIONS:
            problems.append(f"[keys] there is no action called {action_id!r}; F1 lists them.")
            continue
        if not isinstance(value, str):
            problems.append(f'[keys] {action_id}: write the keys as text, such as "ctrl+g,f7".')
            continue
        wanted = tuple(terminal_keys.normal(key) for key in value.split(",") if key.strip())
        sendable = tuple(key for key in wanted if _usable(action_id, key, problems))
        if sendable or not wanted:
            own[action_id] = sendable
    return _without_clashes(own, problems)


def _usable(action_id: str, key: str, problems: list[str]) -> bool:
    if why := terminal_keys.never_arrives(key):
        problems.append(f"[keys] {action_id}: {key} cannot be used: {why}.")
        return False
    on_page = action_id.startswith(("app.", "write."))
    in_line = action_id.startswith(("files.", "find.", "dialog.", "box."))
    edits = terminal_keys.types_text(key) or key in ("backspace", "delete")
    if (edits and (on_page or in_line)) or (key == "enter" and on_page):
        problems.append(f"[keys] {action_id}: {key} would keep you from typing it.")
        return False
    if taker := terminal_keys.taken_by(key):
        problems.append(f"[keys] {action_id}: {key} is set, but {taker} keeps it to itself.")
    return True


def _without_clashes(
    own: dict[str, tuple[str, ...]], problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """``own`` less the choices that would make one key mean two things."""
    while clashes := ACTIONS.clashes(own):
        clash = clashes[0]
        loser = clash.second if clash.second in own else clash.first
        other = clash.first if loser == clash.second else clash.second
        problems.append(
            f"[keys] {loser}: {terminal_keys.shown(clash.key)} is already the key of {other};"
            " its default stays."
        )
        del own[loser]
    return own


def _flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """``{"write": {"retry": ...}}`` and ``{"write.retry": ...}`` mean the same in TOML."""
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", value))
    return found
