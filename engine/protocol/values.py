"""The values that messages carry: what the engine knows, in a form that any client can show."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engine.config import MoodConfig, TrainingConfig

Unit = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Grade = Annotated[int, Meta(ge=-999, le=999)]
MOST_GRADES = 11
"""On one scale of moods."""


class Value(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every value: immutable, fields by name."""


# -- corpus


class SpeakerCount(Value, frozen=True, kw_only=True):
    name: str
    lines: int
    words: int


class CoverageAt(Value, frozen=True, kw_only=True):
    """How much of a text a vocabulary with this cut-off covers."""

    cutoff: int
    size: int
    coverage: Unit


class SplitSizes(Value, frozen=True, kw_only=True):
    """Tokens in each part; parts are contiguous, whole scenes."""

    train: int
    validation: int
    test: int


class CorpusSummary(Value, frozen=True, kw_only=True):
    key: str
    name: str
    files: int
    encodings: tuple[str, ...]
    notes: tuple[str, ...]
    bytes: int
    lines: int
    tokens: int
    types: int
    cutoff: int
    vocabulary_size: int
    """Words that are known; what stands for unknown ones is none."""
    coverage: Unit
    cutoffs: tuple[CoverageAt, ...]
    speakers: tuple[SpeakerCount, ...]
    scenes: int
    line_lengths: tuple[tuple[str, int], ...]
    frequent: tuple[tuple[str, int], ...]
    split: SplitSizes
    seconds: float = 0.0


# -- training


class Metrics(Value, frozen=True, kw_only=True):
    """One point of a training curve; losses in nats a token, None where not finite."""

    step: int
    epoch: float
    tokens: int
    seconds: float
    loss: float | None
    learning_rate: float
    gradient_norm: float | None
    tokens_per_second: float
    progress: Unit
    eta_seconds: float | None = None
    gpu_use: float | None = None
    gpu_memory: int | None = None


class ValidationPoint(Value, frozen=True, kw_only=True):
    step: int
    seconds: float
    loss: float | None
    perplexity: float | None
    best: bool


JobState = Literal[
    "starting", "running", "pausing", "paused", "stopping", "finished", "stopped", "failed"
]
ENDED: frozenset[JobState] = frozenset({"finished", "stopped", "failed"})


RunKind = Literal["model", "vectors", "moods"]


class JobInfo(Value, frozen=True, kw_only=True):
    """A training run as a list shows it."""

    job: str
    name: str
    kind: RunKind
    state: JobState
    corpus: str
    progress: Unit = 0.0
    message: str = ""
    rate_factor: float = 1.0
    """What the planned learning rate is multiplied with by hand."""


class SkipGramSettings(Value, frozen=True, kw_only=True):
    """How word vectors were trained."""

    dimension: int
    window: int
    negatives: int
    epochs: int
    learning_rate: float
    subsample: float
    vocabulary_cutoff: int
    seed: int


class MoodFigures(Value, frozen=True, kw_only=True):
    """What a network that tells moods learned from, and how well it tells what was held out."""

    scale: Annotated[tuple[Grade, ...], Meta(min_length=2, max_length=MOST_GRADES)]
    """The grades, from the lowest to the highest."""
    texts: Count
    """To train on."""
    held_out: Count
    loss: Annotated[float, Meta(ge=0)]
    """Nats a text, on those held out, as all that follows."""
    accuracy: Unit
    """Share of texts whose likeliest grade is theirs."""
    most_frequent: Unit
    """The same for a guess that is always the most frequent grade of them."""
    correlation: Annotated[float, Meta(ge=-1, le=1)]
    """Pearson's, of moods told with grades given; 0 where either is always the same."""


class ModelCard(Value, frozen=True, kw_only=True):
    """What the Library says of a model."""

    name: str
    kind: str
    state: JobState
    failure: str = ""
    """Why its run failed, if it did."""
    corpus: str
    corpus_key: str
    corpus_paths: tuple[str, ...]
    config: TrainingConfig
    vocabulary_size: int
    """Words that are known; what stands for unknown ones is none."""
    tokens: int
    parameters: int = 0
    perplexity: float | None = None
    """Of the validation text, once the run has ended as :mod:`engine.training.finishing` says."""
    perplexity_alone: float | None = None
    """Of the network without what was added at the end; None until that is measured."""
    added: tuple[str, ...] = ()
    """What was added at the end, by the name of its setting."""
    skipgram: SkipGramSettings | None = None
    """Of word vectors that were trained here."""
    moods: MoodConfig | None = None
    """Of a network that tells moods."""
    mood_figures: MoodFigures | None = None
    """Of the same, once it has been judged."""
    steps: int = 0
    seconds: float = 0.0
    device: str = ""
    created: float = 0.0
    """Seconds since 1970."""
    bundled: bool = False
    weights: str = ""
    """SHA-256 of the weights, so that a generation can name exactly what made it."""

    @property
    def made_by(self) -> RunKind:
        """What kind of run it is of; a kind that is not known here is taken for a model."""
        if self.kind == "vectors":
            return "vectors"
        return "moods" if self.kind == "moods" else "model"

    @property
    def is_language_model(self) -> bool:
        """Whether it predicts words."""
        return self.made_by == "model"


class MachineReport(Value, frozen=True, kw_only=True):
    """What the engine measured of this machine, in floating-point operations a second."""

    device: str
    reason: str
    threads: int
    float32_flops: float
    bfloat16_flops: float
    lstm_tokens_per_second: float


# -- writing


class SamplerSettings(Value, frozen=True, kw_only=True):
    """How the next word is drawn; each can change while words stream."""

    temperature: Annotated[float, Meta(ge=0, le=5)] = 0.8
    top_k: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Keep the k likeliest words; 0 keeps all."""
    top_p: Annotated[float, Meta(gt=0, le=1)] = 0.95
    """Keep the smallest set of words that holds this much probability (nucleus sampling)."""
    min_p: Unit = 0.0
    """Drop words less likely than this share of the likeliest."""
    repetition_penalty: Annotated[float, Meta(ge=1, le=5)] = 1.0
    no_repeat_ngram: Annotated[int, Meta(ge=0, le=20)] = 0
    """Never write the same n words twice in a row of recent text; 0 allows it."""
    banned: tuple[str, ...] = ()
    max_copied_words: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Never copy more than this many words in a row from the corpus; 0 allows it."""
    paired_brackets: bool = False
    """Close in its line every bracket that was opened, and no other."""


StopAt = Literal["length", "line", "speech", "scene"]


class StopRule(Value, frozen=True, kw_only=True):
    """When a continuation ends: the first of these that comes true."""

    tokens: Annotated[int, Meta(ge=1, le=20_000)] = 120
    at: StopAt = "length"
    finish: bool = False
    """Whether a sentence that is under way after so many tokens may end first, if it does soon."""


class Alternative(Value, frozen=True, kw_only=True):
    """One of the words that could have come."""

    text: str
    word: str
    probability: Unit


class WrittenToken(Value, frozen=True, kw_only=True):
    """One streamed token: the text to append, and why."""

    text: str
    word: str
    probability: Unit
    rank: int
    surprise: float
    """Bits."""
    entropy: float
    """Bits, of the whole distribution that it was drawn from."""
    copy_share: float = 0.0
    alternatives: tuple[Alternative, ...] = ()
    forced: bool = False


class SettingsChange(Value, frozen=True, kw_only=True):
    """From token ``index`` on, these hold: what makes a stream repeatable."""

    index: int
    settings: SamplerSettings
    stop: StopRule | None = None
    """When it ends; None where that stayed as it was."""
    at: StopAt | None = None
    """Where it ends, in records of before, which have no ``stop``."""
    seed: int | None = None
    """Drawn from anew; None where that went on as before."""


class GenerationRecord(Value, frozen=True, kw_only=True):
    """All that is needed to write the same words again, bit for bit."""

    model: str
    weights: str
    seed: int
    branch: int
    branches: int = 1
    """How many were written side by side: the arithmetic of a batch depends on its size."""
    changes: tuple[SettingsChange, ...]
    stop: StopRule
    """What ended the branches beside it, too, as long as ``drawn`` is told."""
    drawn: int | None = None
    """Tokens after which this branch was over, the one that decided it included; None in records of
    before, whose ``stop`` tells it."""
    context: str
    cast: tuple[str, ...] = ()
    speaker: str | None = None
    after: str = ""
    new_line: bool = False


class CopiedSpan(Value, frozen=True, kw_only=True):
    """Words of a draft that stand in the corpus in the same order."""

    start: int
    end: int
    """Character offsets in the draft, end exclusive."""
    words: int
    corpus_line: int


# -- looking inside


class ExplainedToken(Value, frozen=True, kw_only=True):
    """A token of a text with what the model made of it."""

    text: str
    word: str
    start: int
    end: int
    probability: Unit
    rank: int | None
    """Among the words that could have come; None for one that the model could not give."""
    surprise: float
    entropy: float
    from_softmax: float
    """Part of the probability that the softmax gave."""
    from_ngrams: float = 0.0
    """And counted n-grams of the corpus."""
    from_copying: float
    """And copying, out of the attention memory."""
    from_said: float = 0.0
    """And what the text has said further back."""
    copy_share: float
    alternatives: tuple[Alternative, ...] = ()
    attention: tuple[tuple[float, ...], ...] = ()
    """One row a head; the weights over ``attended``, oldest first."""
    copy_weights: tuple[float, ...] = ()
    first_attended: int = 0
    """Index, among the explained tokens, of the first that the weights lie over; negative for one
    before them, see ``Explanation.reached``."""
    unknown: bool = False
    """Neither the model nor the text before it has this word: its odds are those of any unknown
    word."""


class NextWordOdds(Value, frozen=True, kw_only=True):
    """What could come behind a text."""

    entropy: float
    """Bits."""
    copy_share: float
    """Probability that it is copied."""
    alternatives: tuple[Alternative, ...]
    """The likeliest first."""


class WordMood(Struct, frozen=True, array_like=True):
    """A word of a speech and the mood that the speech had come to with it."""

    start: int
    end: int
    mood: float


class SpeechMood(Value, frozen=True, kw_only=True):
    """A speech of a text, or a paragraph where nobody speaks, with its mood."""

    start: int
    end: int
    """Character offsets in the text, end exclusive."""
    speaker: str
    mood: float
    """-1, the lowest grade, to 1, the highest: the mean grade, by the odds of each."""
    odds: tuple[float, ...]
    """Of each grade, from the lowest."""
    unknown: int = 0
    """Words that the network does not know."""
    words: tuple[WordMood, ...]


class NeighbourWord(Value, frozen=True, kw_only=True):
    word: str
    similarity: float
    count: int


class WordSimilarity(Value, frozen=True, kw_only=True):
    word: str
    similarity: float
    """Mean cosine with the other words."""


class NeighbourList(Value, frozen=True, kw_only=True):
    """Nearest words in one table of vectors."""

    table: str
    neighbours: tuple[NeighbourWord, ...]


class MapPoint(Value, frozen=True, kw_only=True):
    word: str
    x: float
    y: float
    count: int


class CellScore(Value, frozen=True, kw_only=True):
    """How well one cell marks a selection: area under the ROC curve, 0.5 being chance."""

    layer: int
    cell: int
    score: float


class GateSaturation(Value, frozen=True, kw_only=True):
    """Shares of time that a gate was nearly shut (< 0.1) or open (> 0.9), a layer."""

    layer: int
    gate: str
    shut: Unit
    open: Unit
