"""Where a run that is counted in epochs is validated: places in the text, whatever the clock says.

A faster machine, a pause or a stop in between then change nothing about which weights are the best.
"""

from __future__ import annotations

VALIDATIONS_A_RUN = 20
LEAST_FOR_A_WORD = 4
"""Words learnt from for each that is validated on. Learning from a word costs some three times as
much as predicting it, so that validation takes no more than some 8 % of the time."""
MOST_WORDS = 2_000_000
"""Between two validations, however long the run is: minutes on a CPU."""


def words_between(epochs: int, words: int, held_out: int) -> int:
    """After how many words learnt from a run of ``epochs`` over ``words`` is validated again.

    ``held_out`` is how many words a validation reads.
    """
    return max(1, LEAST_FOR_A_WORD * held_out, min(epochs * words // VALIDATIONS_A_RUN, MOST_WORDS))
