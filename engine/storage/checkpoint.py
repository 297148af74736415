"""Checkpoints: tensors as safetensors, the rest as JSON, checked before they are believed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import ModelError
from engine.storage.atomic import refused, sync_folder, sync_path

FORMAT = 1
KEPT = 2


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
    work = folder / f".{name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        digest = save_tensors(work / "tensors.safetensors", tensors)
        document = {"format": FORMAT, "sha256": digest, "facts": facts}
        (work / "state.json").write_text(json.dumps(document), encoding="utf-8")
        sync_path(work / "state.json")
        target, old = folder / name, folder / f".{name}.old"
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        work.rename(target)
        sync_folder(folder)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:  # the latter from the library's own writing
        raise refused(folder / name, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return digest


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], Any]:
    """The tensors and facts in the checkpoint folder ``path``, its checksum verified.

    Raises:
        ModelError: when anything is missing, of another format, or damaged.
    """
    try:
        document = json.loads((path / "state.json").read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ModelError(
                f"{path} was made by another version (format {document['format']}).",
                "Update Cold Open, or train the model again.",
            )
        tensors = path / "tensors.safetensors"
        if _digest(tensors) != document["sha256"]:
            raise ModelError(f"The checkpoint {path} is damaged.", "An older one may be used.")
        with safe_open(str(tensors), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, document["facts"]  # noqa: SIM118
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"The checkpoint {path} cannot be read: {error}.", "") from None


def newest_valid(folder: Path) -> tuple[dict[str, Tensor], Any]:
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


def prune(folder: Path) -> None:
    """Keep the newest ``step-…`` checkpoints only."""
    for path in _steps(folder)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _steps(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.startswith("step-"))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
