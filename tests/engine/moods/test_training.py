"""A run on labelled texts: what it learns, tells, keeps, and how it is held by the reins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import MoodConfig
from engine.errors import ModelError, TrainingError
from engine.moods.labelled import Labelled, read_labelled
from engine.moods.mood_files import MoodReader, load_moods, save_moods
from engine.moods.mood_model import MoodModel
from engine.moods.reading import read_moods
from engine.moods.training import MoodTraining, judged
from engine.protocol.framing import encode_frame
from engine.protocol.messages import MOST_MOOD_TEXT, Answer
from engine.protocol.values import Metrics, ValidationPoint
from engine.training.control import Control
from engine.training.progress import Silent

CONFIG = MoodConfig(
    embedding_size=12, hidden_size=16, epochs=4, batch_size=16, learning_rate=0.02, dropout=0.2
)


class Ears(Silent):
    def __init__(self) -> None:
        self.metrics: list[Metrics] = []
        self.points: list[ValidationPoint] = []
        self.samples: list[str] = []
        self.notices: list[str] = []

    def on_metrics(self, metrics: Metrics) -> None:
        self.metrics.append(metrics)

    def on_validation(self, point: ValidationPoint) -> None:
        self.points.append(point)

    def on_sample(self, step: int, text: str) -> None:
        self.samples.append(text)

    def on_notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    """Texts whose mood is in one of their words."""
    dice = np.random.default_rng(1)
    words = {-1: ["awful", "hate", "cry"], 0: ["seven", "table"], 1: ["lovely", "cake", "sun"]}
    filler = ["the", "a", "it", "was", "today", "there", "with", "her", "and", "so"]
    lines = []
    for _ in range(500):
        grade = int(dice.integers(-1, 2))
        text = [*dice.choice(filler, 5), str(dice.choice(words[grade]))]
        dice.shuffle(text)
        lines.append(f"{grade}\t{' '.join(text)}")
    path = tmp_path_factory.mktemp("moods") / "made-up.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_labelled([path])


@pytest.fixture(scope="module")
def trained(labelled: Labelled) -> tuple[MoodTraining, Ears]:
    ears = Ears()
    training = MoodTraining(CONFIG, labelled, ears)
    training.run(Control())
    return training, ears


def reader_of(training: MoodTraining, labelled: Labelled) -> MoodReader:
    return MoodReader(training.model, labelled.vocabulary, labelled.scale)


def test_it_learns_and_tells_how_well(trained: tuple[MoodTraining, Ears]) -> None:
    training, ears = trained
    figures = training.figures
    assert figures is not None
    assert figures.accuracy > 0.95 > 0.5 > figures.most_frequent
    assert figures.correlation > 0.9
    assert (figures.texts, figures.held_out) == (450, 50)
    assert figures.loss == min(point.loss or 9 for point in ears.points)
    assert len(ears.points) == len(ears.samples) == CONFIG.epochs
    assert ears.samples[-1].startswith("100% of 50 held-out texts rightly")
    assert ears.notices[-1].startswith("The weights of step ")
    assert "100% of 50 held-out texts rightly" in ears.notices[-1]
    assert ears.metrics[-1].progress == 1
    assert ears.metrics[-1].epoch == CONFIG.epochs


def test_moods_of_a_draft_word_by_word(
    trained: tuple[MoodTraining, Ears], labelled: Labelled
) -> None:
    text = "DELIA: it was a lovely day\n\nGUS: there was so awful weather\n"
    found = read_moods(reader_of(trained[0], labelled), text)
    delia, gus = found.speeches
    assert (delia.speaker, gus.speaker) == ("DELIA", "GUS")
    assert delia.mood > 0.5 > -0.5 > gus.mood
    assert sum(delia.odds) == pytest.approx(1, abs=0.01)
    assert delia.words[-1].mood == delia.mood
    at = [text[word.start : word.end] for word in delia.words].index("lovely")
    assert delia.words[at].mood - delia.words[at - 1].mood > 0.3
    assert (delia.unknown, gus.unknown) == (1, 1)  # day, weather
    assert -0.5 < found.unmoved < 0.5
    assert read_moods(reader_of(trained[0], labelled), " \n").speeches == ()


def test_any_text_that_is_allowed_fits_into_one_answer(labelled: Labelled) -> None:
    """The longest speeches and the shortest, with as many grades as there can be."""
    scale = tuple(range(-5, 6))
    model = MoodModel(MoodConfig(embedding_size=8, hidden_size=8), len(labelled.vocabulary), 11)
    reader = MoodReader(model.eval(), labelled.vocabulary, scale)
    for piece in ("x\n\n", "!", "A:b\n", "word "):
        text = (piece * MOST_MOOD_TEXT)[:MOST_MOOD_TEXT]
        encode_frame(Answer(id=1, reply=read_moods(reader, text)))


def test_weights_that_come_to_nothing_are_said(labelled: Labelled) -> None:
    model = MoodModel(MoodConfig(embedding_size=8, hidden_size=8), len(labelled.vocabulary), 3)
    with torch.no_grad():
        for weights in model.lstm.parameters():
            weights.fill_(1)
        model.output.weight.fill_(3e38)
    with pytest.raises(ModelError, match="come to no mood"):
        read_moods(MoodReader(model.eval(), labelled.vocabulary, (-1, 0, 1)), "A: cake")


def test_the_same_seed_gives_the_same_network(labelled: Labelled) -> None:
    config = MoodConfig(embedding_size=8, hidden_size=8, epochs=1)
    weights = [MoodTraining(config, labelled).run(Control()).state_dict() for _ in range(2)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_what_is_saved_tells_the_same(
    trained: tuple[MoodTraining, Ears], labelled: Labelled, tmp_path: Path
) -> None:
    reader = reader_of(trained[0], labelled)
    save_moods(tmp_path, reader)
    loaded = load_moods(tmp_path)
    text = "A: cake with her\n\nB: cry\n\nC: zeppelin\n"
    assert read_moods(loaded, text) == read_moods(reader, text)
    assert loaded.scale == (-1, 0, 1)


def test_damaged_files_are_refused(
    trained: tuple[MoodTraining, Ears], labelled: Labelled, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_moods(tmp_path)
    reader = reader_of(trained[0], labelled)
    for change, said in (
        ({"scale": (1, 0, -1)}, "its grades are no scale"),
        ({"scale": (0, 1)}, "output.bias is 3, not 2"),
    ):
        other = MoodReader(**{**vars(reader), **change})
        save_moods(tmp_path, other)
        with pytest.raises(ModelError, match=said):
            load_moods(tmp_path)


def test_stopping_keeps_what_was_learned(labelled: Labelled) -> None:
    control = Control()

    class Stopper(Ears):
        def on_sample(self, step: int, text: str) -> None:
            super().on_sample(step, text)
            control.stop()

    ears = Stopper()
    training = MoodTraining(MoodConfig(embedding_size=8, hidden_size=8, epochs=50), labelled, ears)
    training.run(control)
    assert len(ears.points) == 1
    assert training.figures is not None


def test_a_loss_that_is_no_number_is_said(labelled: Labelled) -> None:
    training = MoodTraining(MoodConfig(embedding_size=8, hidden_size=8), labelled)
    with torch.no_grad():
        training.model.output.bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match="no number"):
        training.run(Control())


def test_figures_of_a_guess_that_never_changes() -> None:
    scores = torch.tensor([[0.0, 5.0]]).expand(4, 2)
    told = torch.full((4,), 0.9)
    found = judged(scores, told, torch.tensor([0, 1, 1, 1]), (0, 1), 7)
    assert (found.accuracy, found.most_frequent, found.correlation) == (0.75, 0.75, 0.0)
