"""Scripts in files of any of the formats: what a name ends in says which."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ColdOpenError
from engine.formats import fountain, screenplay

MOST_SHOWN = 20
"""Characters that are named."""
_AS_IT_IS = ("", ".txt", ".text")


def read_script(path: Path) -> tuple[str, str]:
    """The text of a script to import, in the corpus reader's encodings, and what was guessed.

    What was left out of it is said with that.

    Raises:
        ColdOpenError: when it cannot be read.
    """
    from engine.corpus.reading import source_of

    source = source_of(path)
    text = source.plain() if source.converted else "".join(source.chunks())
    notes = [source.note]
    if source.fountain:
        notes.append(fountain.left_out(path.read_text(encoding=source.encoding)))
    return text.replace("\r\n", "\n").replace("\r", "\n"), " ".join(filter(None, notes))


def write_script(path: Path, text: str) -> str:
    """Export ``text`` as Fountain, Final Draft or PDF where the file's name ends so, or as it is.

    Returns what is to be known of that, if anything.

    Raises:
        ColdOpenError: when the name ends otherwise, the disk refuses or the extra that writes such
            files is missing.
    """
    from engine.storage.atomic import write_atomically

    kind = path.suffix.lower()
    if kind == ".pdf":
        missing: list[str] = []

        def write(place: Path) -> None:
            missing.append(screenplay.write_pdf(text, place))

        write_atomically(path, write, private=False)
        shown, more = " ".join(missing[0][:MOST_SHOWN]), len(missing[0]) - MOST_SHOWN
        if more > 0:
            shown += f" … ({more} more)"
        return f"Its typeface has no {shown}; .fountain and .fdx keep them." if shown else ""
    if kind == ".fdx":
        text = screenplay.to_fdx(text)
    elif kind in fountain.SUFFIXES:
        text = fountain.from_plain(text)
    elif kind not in _AS_IT_IS:
        raise ColdOpenError(
            f"A script cannot be written as a {path.suffix} file.",
            "Have the name end in .txt, .fountain, .fdx or .pdf.",
        )
    write_atomically(path, text if text.endswith("\n") else f"{text}\n", private=False)
    return ""
