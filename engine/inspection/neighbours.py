"""Words that a model takes for alike: neighbours, analogies, and the one that does not belong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import ModelError
from engine.inspection.tables import Tables, chosen, spelled
from engine.protocol.messages import Neighbours, OddOneOutFound
from engine.protocol.values import NeighbourList, NeighbourWord, WordSimilarity
from engine.vectors.word_vectors import Floats, WordVectors


def neighbours(tables: Tables, word: str, number: int = 10) -> Neighbours:
    """The words nearest to ``word`` by cosine, in every table that has it.

    Raises:
        ModelError: when no table has it, naming words that look like it.
    """
    form = spelled(tables, word)
    lists, missing, count = [], [], 0
    for name, table in tables.items():
        row = table.ids.get(form)
        if row is None:
            missing.append(name)
            continue
        count = max(count, table.counts[row])
        lists.append(_nearest(name, table, table.vectors[row], number, [row]))
    note = f"“{form}” is not among the {' and '.join(missing)} vectors." if missing else ""
    return Neighbours(word=form, count=count, tables=tuple(lists), note=note)


def analogy(tables: Tables, a: str, b: str, c: str, number: int = 10) -> Neighbours:
    """Words nearest to ``a - b + c``, the three left out (Mikolov, Yih & Zweig 2013).

    Raises:
        ModelError: when no table has all three.
    """
    forms = [spelled(tables, word) for word in (a, b, c)]
    lists = []
    for name, table in tables.items():
        if all(form in table.ids for form in forms):
            rows = [table.ids[form] for form in forms]
            first, second, third = table.unit[rows]
            lists.append(_nearest(name, table, first - second + third, number, rows))
    if not lists:
        raise ModelError(f"No table has all of {', '.join(forms)}.", "Choose commoner words.")
    return Neighbours(word=f"{forms[0]} - {forms[1]} + {forms[2]}", count=0, tables=tuple(lists))


def odd_one_out(tables: Tables, words: Sequence[str]) -> OddOneOutFound:
    """The word least like the others, by cosine, in the table that says most of meaning.

    Raises:
        ModelError: when a word is unknown, or there are fewer than three different ones.
    """
    forms = list(dict.fromkeys(spelled(tables, word) for word in words))
    if len(forms) < 3:
        raise ModelError("One word out of two cannot be the odd one.", "Give three or more.")
    fitting = {n: t for n, t in tables.items() if all(form in t.ids for form in forms)}
    if not fitting:
        raise ModelError(f"No table has all of {', '.join(forms)}.", "Choose commoner words.")
    name, table = chosen(fitting, "")
    unit = table.unit[[table.ids[form] for form in forms]].astype(np.float64)
    alike = unit @ unit.T
    means = (alike.sum(axis=1) - alike.diagonal()) / (len(forms) - 1)
    found = tuple(
        WordSimilarity(word=forms[row], similarity=float(means[row]))
        for row in np.argsort(means, kind="stable")
    )
    return OddOneOutFound(word=found[0].word, table=name, words=found)


def _nearest(
    name: str, table: WordVectors, query: Floats, number: int, without: Sequence[int]
) -> NeighbourList:
    return NeighbourList(
        table=name,
        neighbours=tuple(
            NeighbourWord(word=table.words[row], similarity=cosine, count=table.counts[row])
            for row, cosine in table.nearest(query, number, without)
        ),
    )
