"""Scripts in files of any of the formats: what a name ends in says which."""

from __future__ import annotations

from pathlib import Path

from engine.formats import fountain, screenplay


def read_script(path: Path) -> str:
    """The text of a script to import, in the corpus reader's encodings.

    Raises:
        ColdOpenError: when it cannot be read.
    """
    from engine.corpus.reading import source_of

    source = source_of(path)
    text = source.plain() if source.converted else "".join(source.chunks())
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_script(path: Path, text: str) -> None:
    """Export ``text`` as Fountain, Final Draft or PDF where the file's name ends so, else as it is.

    Raises:
        ColdOpenError: when the disk refuses or the extra that writes such files is missing.
    """
    from engine.storage.atomic import write_atomically

    kind = path.suffix.lower()
    if kind == ".pdf":
        write_atomically(path, lambda place: screenplay.write_pdf(text, place), private=False)
        return
    if kind == ".fdx":
        text = screenplay.to_fdx(text)
    elif kind in fountain.SUFFIXES:
        text = fountain.from_plain(text)
    write_atomically(path, text if text.endswith("\n") else f"{text}\n", private=False)
