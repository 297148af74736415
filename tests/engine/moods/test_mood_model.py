"""The network that tells moods: padding, pooling, scale, and that it can learn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.config import MoodConfig
from engine.moods.mood_model import MoodModel, mood_of

WORDS, GRADES = 40, 3


def made(**settings: float) -> MoodModel:
    torch.manual_seed(3)
    config = MoodConfig(embedding_size=8, hidden_size=12, **settings)  # type: ignore[arg-type]
    return MoodModel(config, WORDS, GRADES)


def some_texts(*lengths: int) -> list[Tensor]:
    dice = torch.Generator().manual_seed(1)
    return [torch.randint(0, WORDS, (length,), generator=dice) for length in lengths]


@pytest.mark.parametrize("layers", [1, 2])
def test_padding_changes_nothing(layers: int) -> None:
    model = made(layers=layers).eval()
    texts = some_texts(1, 9, 4, 30)
    alone = torch.cat([model([text]) for text in texts])
    assert torch.allclose(model(texts), alone, atol=1e-6)


def test_scores_along_a_text_are_those_of_its_beginnings() -> None:
    model = made().eval()
    texts = some_texts(5, 2)
    for text, along in zip(texts, model.along(texts), strict=True):
        beginnings = [text[: end + 1] for end in range(len(text))]
        assert torch.allclose(along, model(beginnings), atol=1e-6)


def test_dropout_and_hidden_words_are_for_training_alone() -> None:
    model = made(dropout=0.5, word_dropout=0.5)
    texts = some_texts(20, 20)
    assert not torch.equal(model.train()(texts), model(texts))
    assert torch.equal(model.eval()(texts), model(texts))


def test_the_mood_is_the_mean_grade_between_the_ends_of_the_scale() -> None:
    scale = (-2, 0, 4)
    sure = torch.eye(3) * 1000
    assert mood_of(sure, scale).tolist() == pytest.approx([-1, -1 / 3, 1])
    assert float(mood_of(torch.zeros(1, 3), scale)) == pytest.approx(-1 / 9)


def test_it_learns_that_not_turns_what_follows() -> None:
    """Word order counts: "not good" against "good", which no bag of words tells from "good not"."""
    bad, good, no, filler = 5, 6, 7, range(10, WORDS)
    dice = torch.Generator().manual_seed(2)

    def text(turned: bool, word: int) -> Tensor:
        around = torch.randint(filler.start, filler.stop, (6,), generator=dice)
        pair = torch.tensor([no, word] if turned else [word, no])
        return torch.cat((around[:3], pair, around[3:]))

    model = made(dropout=0.0, word_dropout=0.0)
    adam = torch.optim.Adam(model.parameters(), 0.01)
    cases = [(False, good, 2), (True, good, 0), (False, bad, 0), (True, bad, 2)]
    wanted = torch.tensor([grade for _t, _w, grade in cases] * 8)
    for _ in range(300):
        texts = [text(turned, word) for turned, word, _grade in cases * 8]
        adam.zero_grad()
        torch.nn.functional.cross_entropy(model(texts), wanted).backward()
        adam.step()
    model.eval()
    fresh = [text(turned, word) for turned, word, _grade in cases * 8]
    assert float((model(fresh).argmax(1) == wanted).float().mean()) > 0.95
