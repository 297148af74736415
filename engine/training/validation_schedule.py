"""When a run is validated.

One that is counted in epochs, at places in the text, whatever the clock says: a faster machine, a
pause or a stop in between then change nothing about which weights are the best. One that has a
number of minutes, by the clock.
"""

from __future__ import annotations

VALIDATIONS_A_RUN = 20
LEAST_FOR_A_WORD = 4
"""Words learnt from for each that is validated on. Learning from a word costs some three times as
much as predicting it, so that validation takes no more than some 8 % of the time."""
MOST_WORDS = 2_000_000
"""Between two validations, however long the run is: minutes on a CPU."""
LEAST_SECONDS = 2.0
MOST_SECONDS = 300.0
MOST_SHARE = 0.08
"""Share of the time that validation may take."""


def words_between(epochs: int, words: int, held_out: int) -> int:
    """After how many words learnt from a run of ``epochs`` over ``words`` is validated again.

    ``held_out`` is how many words a validation reads.
    """
    return max(1, LEAST_FOR_A_WORD * held_out, min(epochs * words // VALIDATIONS_A_RUN, MOST_WORDS))


def seconds_between(expected: float, last: float) -> float:
    """How long a run of ``expected`` seconds waits from one validation to the next.

    ``last`` is how long the last one took.
    """
    often = min(expected / VALIDATIONS_A_RUN, MOST_SECONDS)
    return max(LEAST_SECONDS, often, last / MOST_SHARE)
