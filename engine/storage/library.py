"""The models on disk: one folder each, and the bundled ones beside them, read-only.

A model's folder holds ``card.json`` (what the Library shows), ``text.json`` (vocabulary, casing
and cast: all that turns ids into text again), ``history.jsonl`` and the checkpoints.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from engine import paths
from engine.errors import ModelError
from engine.protocol.values import ENDED, Metrics, ModelCard, ValidationPoint
from engine.storage.atomic import refused, write_atomically
from engine.storage.foreign_json import bounded, decoded, in_bounds
from engine.storage.run_lock import written_by_us

_FORBIDDEN = set('/\\:*?"<>|\0')
MOST_BYTES = {"card.json": 16 << 20, "text.json": 256 << 20}
"""Far more than any model needs, and little enough to be read whole."""
MOST_LINE = 1 << 20
MOST_POINTS = 100_000
MOST_SAMPLES = 50
"""Of a curve, in memory; a line has some 300 bytes."""

T = TypeVar("T")
_CARD = msgspec.json.Decoder(ModelCard)


def checked_name(name: str) -> str:
    """``name``, if it can be the name of a model.

    Raises:
        ModelError: saying which character is in the way.
    """
    wrong = sorted({c for c in name if c in _FORBIDDEN or not c.isprintable()})
    if not name.strip() or name != name.strip() or name.startswith("."):
        raise ModelError(
            f"{name!r} cannot be a model's name.",
            "Begin with a letter or a digit, no outer spaces.",
        )
    if wrong or len(name.encode()) > 200:
        listed = " ".join(repr(c) for c in wrong) or "its length"
        raise ModelError(f"{name!r} cannot be a model's name because of {listed}.", "")
    return name


def folder_of(name: str) -> Path:
    """Where the model called ``name`` lives, bundled models included.

    Raises:
        ModelError: when there is none, naming those that there are.
    """
    own = paths.models_dir() / checked_name(name)
    if (own / "card.json").is_file():
        return own
    for bundled in paths.bundled_models():
        if name == bundled.name and (bundled / "card.json").is_file():
            return bundled
    known = ", ".join(card.name for card in list_cards()) or "none yet"
    raise ModelError(f"There is no model called “{name}”.", f"Models: {known}.")


def read_card(folder: Path) -> ModelCard:
    """The card in ``folder``.

    Raises:
        ModelError: when it is missing or damaged.
    """
    try:
        card = decoded(_CARD.decode, _raw(folder / "card.json"))
        if not _reckonable(card):
            raise ValueError("a number in it is beyond all bounds")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card of the model in {folder} cannot be read: {error}.",
            "Delete that folder, or put its card.json back.",
        ) from None
    bundled = folder in paths.bundled_models()
    return msgspec.structs.replace(card, name=folder.name, bundled=bundled)


def free_folder(name: str) -> Path:
    """Where a model called ``name`` can be put; what a run that never began left is cleared away.

    Raises:
        ModelError: when there is a model of that name, or it cannot be one.
    """
    folder = paths.models_dir() / checked_name(name)
    refuse_taken(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def new_model(name: str) -> Iterator[Path]:
    """A folder to make a model in, which is the model ``name`` when everything is there.

    Raises:
        ModelError: when there is a model of that name by then, or it cannot be one.
        TrainingError: when there is about to be one.
        ColdOpenError: when the disk refuses.
    """
    target = paths.models_dir() / checked_name(name)
    try:
        paths.models_dir().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=paths.models_dir(), prefix=".making-") as scratch:
            folder = Path(scratch) / name
            folder.mkdir()
            yield folder
            with written_by_us(target):  # a run of that name may have begun without a card yet
                folder.rename(free_folder(name))
    except OSError as error:
        refuse_taken(target)
        raise refused(target, error) from error


def refuse_bundled(name: str) -> None:
    """See that nothing new takes the name of what came with the program, and hides it.

    Raises:
        ModelError: when it would.
    """
    if name in {bundled.name for bundled in paths.bundled_models()}:
        raise ModelError(f"“{name}” came with the program.", "Choose another name.")


def refuse_taken(folder: Path, hint: str = "Choose another name.") -> None:
    """See that nothing is lost or hidden if ``folder`` is made anew.

    Raises:
        ModelError: when there is a model, or what was one, or one that came with the program.
    """
    if folder.parent == paths.models_dir():
        refuse_bundled(folder.name)
    parts = ("card.json", "checkpoints")
    strange = folder.is_symlink() or (folder.exists() and not folder.is_dir())
    if strange or any((folder / part).exists() for part in parts):
        raise ModelError(f"There is already a model called “{folder.name}”.", hint)


def write_card(folder: Path, card: ModelCard) -> None:
    """Replace the card in ``folder`` in one step."""
    write_atomically(folder / "card.json", msgspec.json.format(msgspec.json.encode(card)))


def write_failure(folder: Path, why: str) -> None:
    """Have the card in ``folder`` say why its run failed, unless it says how that ended.

    Raises:
        ColdOpenError: when the disk refuses, or there is no card that can be read.
    """
    card = read_card(folder)
    if card.state not in ENDED:
        write_card(folder, msgspec.structs.replace(card, state="failed", failure=why))


def list_cards() -> tuple[ModelCard, ...]:
    """Every readable model, newest first, the bundled ones last."""
    cards = []
    if paths.models_dir().is_dir():
        for folder in paths.models_dir().iterdir():
            if folder.name.startswith(".") or not folder.name.isprintable():
                continue  # which nobody could name
            if (folder / "card.json").is_file():
                with contextlib.suppress(ModelError):
                    cards.append(read_card(folder))
    cards.sort(key=lambda card: card.created, reverse=True)
    own = {card.name for card in cards}
    for bundled in paths.bundled_models():
        if (bundled / "card.json").is_file() and bundled.name not in own:
            cards.append(read_card(bundled))
    return tuple(cards)


def read_text_tables(folder: Path) -> dict[str, Any]:
    """Vocabulary, casing and cast of a model, as saved when its training began.

    Raises:
        ModelError: when they are missing or damaged.
    """
    path = folder / "text.json"
    try:
        tables = decoded(json.loads, _raw(path))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}.", "Train the model again.") from None
    if not isinstance(tables, dict):
        raise ModelError(f"{path} does not hold a vocabulary.", "Train the model again.")
    return tables


def read_history(
    folder: Path,
) -> tuple[list[Metrics], list[ValidationPoint], list[tuple[int, str]]]:
    """A run's curve from ``history.jsonl``; a torn or foreign line is passed over.

    Of a very long run, points evenly spread.
    """
    metrics, points = _Spread[Metrics](), _Spread[ValidationPoint]()
    samples: list[tuple[int, str]] = []
    for line in _lines(folder / "history.jsonl"):
        try:
            entry = decoded(msgspec.json.decode, line)
            kind = entry.pop("kind")
            if not all(map(in_bounds, entry.values())):
                continue
            if kind == "metrics":
                metrics.add(msgspec.convert(entry, Metrics))
            elif kind == "validation":
                points.add(msgspec.convert(entry, ValidationPoint))
            elif kind == "sample":
                samples.append((int(entry["step"]), str(entry["text"])))
                del samples[:-MOST_SAMPLES]
        except (ValueError, KeyError, AttributeError, TypeError):
            continue
    return metrics.kept(), points.kept(), samples


class _Spread(Generic[T]):
    """Some of many points, at most ``MOST_POINTS``, the last among them."""

    def __init__(self) -> None:
        self._points: list[T] = []
        self._every, self._seen = 1, 0
        self._last: T | None = None

    def add(self, point: T) -> None:
        if self._seen % self._every == 0:
            self._points.append(point)
            if len(self._points) >= MOST_POINTS:
                self._points = self._points[::2]
                self._every *= 2
        self._seen += 1
        self._last = point

    def kept(self) -> list[T]:
        behind = self._last is not None and self._points[-1] is not self._last
        return [*self._points, self._last] if behind and self._last is not None else self._points


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, but for those that are too long to be one of a curve."""
    try:
        if path.is_file():
            with path.open("rb") as stream:
                whole = True
                while line := stream.readline(MOST_LINE):
                    ends = line.endswith(b"\n") or len(line) < MOST_LINE
                    if whole and ends:
                        yield line
                    whole = ends
    except OSError:
        return


def _raw(path: Path) -> bytes:
    return bounded(path, MOST_BYTES[path.name])


def _reckonable(card: ModelCard) -> bool:
    return all(in_bounds(getattr(card, name)) for name in card.__struct_fields__)


def rename(name: str, new_name: str) -> None:
    """Give a model another name.

    Raises:
        ModelError: when it is a bundled one, or the new name is taken or not allowed.
    """
    folder = _own_folder(name, "renamed")
    folder.rename(free_folder(new_name))


def delete(name: str) -> None:
    """Move a model to the trash.

    Raises:
        ModelError: when it is a bundled one or there is none.
    """
    to_trash(_own_folder(name, "deleted"))


def to_trash(folder: Path) -> None:
    """Move ``folder`` to the trash beside the models, and empty that of what is a week old."""
    trash = paths.models_dir() / ".trash"
    trash.mkdir(parents=True, exist_ok=True)
    folder.rename(trash / f"{folder.name}.{time.time_ns()}")
    for old in trash.iterdir():
        stamp = old.name.rpartition(".")[2]
        if stamp.isdecimal() and time.time_ns() - int(stamp) > 7 * 86_400 * 1_000_000_000:
            shutil.rmtree(old, ignore_errors=True)


def deleted() -> tuple[str, ...]:
    """Names of the models in the trash, the latest deleted first."""
    return tuple(dict.fromkeys(folder.name.rpartition(".")[0] for folder in _trash()))


def restore(name: str) -> None:
    """Bring the model that was last deleted as ``name`` back from the trash.

    Raises:
        ModelError: when there is none in it, or the name is in use again.
    """
    kept = next((f for f in _trash() if f.name.rpartition(".")[0] == name), None)
    if kept is None:
        listed = ", ".join(deleted()) or "none"
        raise ModelError(f"No deleted model is called “{name}”.", f"In the trash: {listed}.")
    try:
        kept.rename(free_folder(name))
    except ModelError:
        raise ModelError(
            f"There is a model called “{name}” again.", "Rename it, then restore the old one."
        ) from None


def _trash() -> list[Path]:
    """The deleted models, the latest first."""
    folder = paths.models_dir() / ".trash"
    if not folder.is_dir():
        return []
    kept = [f for f in folder.iterdir() if f.name.rpartition(".")[2].isdecimal()]
    return sorted(kept, key=lambda f: int(f.name.rpartition(".")[2]), reverse=True)


def _own_folder(name: str, what: str) -> Path:
    folder = folder_of(name)
    if folder in paths.bundled_models():
        raise ModelError(f"“{name}” came with the program and cannot be {what}.", "")
    return folder
