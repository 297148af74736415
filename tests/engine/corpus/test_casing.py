"""How words and names are written, learned from a corpus."""

from __future__ import annotations

import pytest

from engine.corpus.casing import learn


@pytest.mark.parametrize("lines", [("DELIA: Yes.", "Oz: No."), ("Oz: No.", "DELIA: Yes.")])
def test_where_two_styles_of_cues_are_as_frequent_their_order_decides_nothing(
    lines: tuple[str, ...],
) -> None:
    assert learn(["\n\n".join(lines)]).cue_style == "upper"
