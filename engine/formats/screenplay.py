"""Scripts as Final Draft (FDX) and PDF, through screenplain, which is an optional extra."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from engine.errors import ColdOpenError
from engine.formats.elements import (
    HEADING,
    Scene,
    Speech,
    Title,
    Transition,
    elements_of,
    is_direction,
)

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_fdx(text: str) -> str:
    """A ``NAME: line`` script as Final Draft's XML.

    Raises:
        ColdOpenError: when the extra is not installed.
    """
    made = _screenplay(_NOT_IN_XML.sub("", text), title_page=False)
    from screenplain.export.fdx import to_fdx

    sink = io.StringIO()
    to_fdx(made, sink)
    return sink.getvalue()


def write_pdf(text: str, path: Path) -> str:
    """Write a ``NAME: line`` script as a PDF in the usual layout of screenplays to ``path``.

    Returns the characters that its typefaces do not have, and that are not to be seen in it.

    Raises:
        ColdOpenError: when the extra is not installed.
        OSError: when the disk refuses.
    """
    made = _screenplay(text, title_page=True)
    try:
        from screenplain.export.pdf import to_pdf
    except ImportError:
        raise _not_installed("reportlab") from None
    _end_well(made)
    with path.open("wb") as sink:
        to_pdf(made, sink)
    return _not_drawn(text)


def _not_drawn(text: str) -> str:
    from reportlab.pdfbase import pdfmetrics

    fonts = map(pdfmetrics.getFont, pdfmetrics.getRegisteredFontNames())
    glyphs = {code for font in fonts for code in getattr(font.face, "charToGlyph", ())}
    return "".join(
        sorted({c for c in text if c.isprintable() and not c.isspace() and ord(c) not in glyphs})
    )


def _screenplay(text: str, *, title_page: bool) -> Any:
    """``text`` as screenplain has it; without a title page a title is the first scene's line."""
    try:
        from screenplain import types
        from screenplain.richstring import plain
    except ImportError:
        raise _not_installed("screenplain") from None
    made = types.Screenplay()
    for element in elements_of(text):
        if isinstance(element, Title) and title_page:
            made.title_page["Title"] = [element.text]
        elif isinstance(element, Title):
            made.append(types.Slug(plain(f"Episode: {element.text}")))
        elif isinstance(element, Scene):
            made.append(types.Slug(plain(element.text)))
        elif isinstance(element, Speech):
            speech = types.Dialog(plain(element.name + element.extension))
            for piece in element.pieces:
                speech.blocks.append((is_direction(piece), plain(piece)))
            made.append(speech)
        elif isinstance(element, Transition):
            made.append(types.Transition(plain(element.text)))
        elif len(element.lines) == 1 and HEADING.match(element.lines[0]):
            made.append(types.Slug(plain(element.lines[0])))
        else:
            made.append(types.Action([plain(line) for line in element.lines]))
    return made


def _end_well(made: Any) -> None:
    """Have something follow a last line that is kept with the next one, and a page in all cases.

    Reportlab never ends where such a line fills a page and nothing follows.
    """
    from screenplain import types

    last = made.paragraphs[-1] if made.paragraphs else None
    kept = isinstance(last, types.Slug) or (isinstance(last, types.Dialog) and last.blocks[-1][0])
    if kept or (last is None and not made.title_page):
        made.append(types.Action([]))


def _not_installed(name: str) -> ColdOpenError:
    return ColdOpenError(
        f"Writing FDX and PDF needs the package {name}, which is not installed.",
        "pip install 'coldopen[screenplay]' brings it; .txt and .fountain need nothing.",
    )
