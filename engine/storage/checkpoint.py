"""Checkpoints: tensors as safetensors, the rest as JSON, checked before they are believed."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import ModelError
from engine.storage.atomic import refused, sync_folder, sync_path
from engine.storage.foreign_json import bounded, decoded

FORMAT = 1
KEPT = 2
MOST_FACTS = 256 << 20
"""Bytes of what is no tensor; far more than any run needs."""
TRIES = 10
"""How often a checkpoint that is replaced while it is read is read anew."""


class Checkpoint(NamedTuple):
    """What one holds, as it was verified."""

    tensors: dict[str, Tensor]
    facts: Any
    weights: str
    """SHA-256 of the file with the tensors."""


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> str:
    """Write ``tensors`` to ``path`` and return the SHA-256 of the file."""
    plain: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        # The format refuses tensors that share memory, as an empty state's parts do.
        alone = value.detach().cpu().contiguous()
        address = alone.untyped_storage().data_ptr()
        plain[name] = alone.clone() if address in seen else alone
        seen.add(address)
    save_file(plain, str(path))
    sync_path(path)
    return _digest(path)


def save_checkpoint(folder: Path, name: str, tensors: dict[str, Tensor], facts: Any) -> str:
    """Write one checkpoint as a folder, all of it or nothing; returns the weights' SHA-256.

    Raises:
        ColdOpenError: when the disk refuses; older checkpoints are untouched.
    """
    target, work = folder / name, folder / f".{name}.tmp"
    old = _old_place(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if _standing(target) == old:
            old.rename(target)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        digest = save_tensors(work / "tensors.safetensors", tensors)
        document = {"format": FORMAT, "sha256": digest, "facts": facts}
        (work / "state.json").write_text(json.dumps(document), encoding="utf-8")
        sync_path(work / "state.json")
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        work.rename(target)
        sync_folder(folder)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:  # the latter from the library's own writing
        raise refused(target, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return digest


def set_aside(folder: Path, name: str, aside: str) -> None:
    """Keep the checkpoint ``name``, if there is one, as ``aside``, too; it is not read twice.

    Raises:
        ColdOpenError: when the disk refuses.
    """
    source, work = _standing(folder / name), folder / f".{aside}.tmp"
    try:
        shutil.rmtree(work, ignore_errors=True)
        if source.exists():
            shutil.copytree(source, work, copy_function=_linked)
            shutil.rmtree(folder / aside, ignore_errors=True)
            work.rename(folder / aside)
            sync_folder(folder)
    except (OSError, shutil.Error) as error:
        raise refused(folder / aside, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_back(folder: Path, aside: str, name: str) -> None:
    """Undo :func:`set_aside`: what is kept as ``aside``, if anything, takes the place of ``name``.

    Raises:
        ColdOpenError: when the disk refuses.
    """
    kept, target = folder / aside, folder / name
    if not kept.exists():
        return
    old = _old_place(target)
    try:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        kept.rename(target)
        sync_folder(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise refused(target, error) from error


def _linked(source: str, target: str) -> None:
    """``target`` as another name of ``source``, whose contents never change, else a copy of it."""
    try:
        os.link(source, target)
    except OSError:  # not every file system has such names
        shutil.copy2(source, target)


def is_there(path: Path) -> bool:
    """Whether there is a checkpoint folder ``path``, or what it was about to replace."""
    return _standing(path).exists()


def stamp_of(run_dir: Path) -> tuple[int, int]:
    """Changes whenever better weights are kept in the folder of a run."""
    try:
        seen = (run_dir / "checkpoints" / "best" / "state.json").stat()
    except OSError:
        return (0, 0)
    return (seen.st_mtime_ns, seen.st_ino)


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in the folder ``path``, its checksum verified.

    Raises:
        ModelError: when anything is missing, of another format, or damaged.
    """
    for _again in range(TRIES):
        before = _document(path)
        try:
            found = _loaded(_standing(path))
        except ModelError:
            if _document(path) == before:
                raise
        else:
            if _document(path) == before:
                return found
        time.sleep(0.02)  # A run has just replaced it: facts may be of one, tensors of the other.
    raise ModelError(f"The checkpoint {path} is replaced all the time.", "Try again.")


def _loaded(path: Path) -> Checkpoint:
    try:
        text = bounded(path / "state.json", MOST_FACTS)
        document = decoded(functools.partial(json.loads, parse_constant=_no_number), text)
        if document["format"] != FORMAT:
            raise ModelError(
                f"{path} was made by another version (format {document['format']}).",
                "Update Cold Open, or train the model again.",
            )
        file = path / "tensors.safetensors"
        weights = _digest(file)
        if weights != document["sha256"]:
            raise ModelError(f"The checkpoint {path} is damaged.", "An older one may be used.")
        with safe_open(str(file), framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        return Checkpoint(tensors, document["facts"], weights)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"The checkpoint {path} cannot be read: {error}.", "") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} in state.json")


def _old_place(path: Path) -> Path:
    """Where the checkpoint that was ``path`` is while another takes its place."""
    return path.with_name(f".{path.name}.old")


def _standing(path: Path) -> Path:
    """``path``, or what was set aside for it where a process ended before the other was there."""
    old = _old_place(path)
    return old if not path.exists() and old.exists() else path


def _document(path: Path) -> bytes | None:
    try:
        return bounded(_standing(path) / "state.json", MOST_FACTS)
    except (OSError, ValueError):
        return None


def newest_valid(folder: Path) -> Checkpoint:
    """The newest ``step-…`` checkpoint in ``folder`` that can be believed.

    Raises:
        ModelError: when there is none.
    """
    for path in reversed(_steps(folder)):
        try:
            return load_checkpoint(path)
        except ModelError:
            continue
    raise ModelError(f"There is no usable checkpoint in {folder}.", "Train the model again.")


def can_go_on(run_dir: Path) -> bool:
    """Whether there is a checkpoint that the run in the folder ``run_dir`` may go on from."""
    return bool(_steps(run_dir / "checkpoints"))


def prune(folder: Path) -> None:
    """Keep the newest ``step-…`` checkpoints only, and nothing of one that was cut off."""
    for path in (*_steps(folder)[:-KEPT], *folder.glob(".step-*")):
        shutil.rmtree(path, ignore_errors=True)


def _steps(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.startswith("step-"))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
