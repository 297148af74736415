"""Every message between a client and the engine, typed.

A client sends :class:`Hello` and is sent :class:`Welcome`. Then each :class:`Call` is answered by
one :class:`Answer` or :class:`Failed` with the same ``id``, possibly after some
:class:`Progress`. Events come unasked: those of a stream to the client that started it, those of
training to whoever watches.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from engine.config import MoodConfig, TrainingConfig
from engine.protocol.values import (
    CellScore,
    CopiedSpan,
    CorpusSummary,
    ExplainedToken,
    GateSaturation,
    GenerationRecord,
    JobInfo,
    MachineReport,
    MapPoint,
    Metrics,
    ModelCard,
    NeighbourList,
    NextWordOdds,
    SamplerSettings,
    SpeakerCount,
    SpeechMood,
    StopRule,
    Unit,
    ValidationPoint,
    WordSimilarity,
    WrittenToken,
)

PROTOCOL_VERSION = 5

MOST_MOOD_TEXT = 60_000
"""Characters whose moods fit into one answer, however short the speeches are."""

R = TypeVar("R", bound="Reply")
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Paths = Annotated[tuple[str, ...], Meta(min_length=1, max_length=10_000)]


class Reply(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of what a request is answered with."""


class Request(Struct, Generic[R], frozen=True, kw_only=True, tag_field="type"):
    """Base of what a client may ask; ``R`` is the reply that it gets."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of what the engine tells unasked."""


# -- replies


class Done(Reply, frozen=True, kw_only=True, tag="done"):
    """It was done; there is nothing more to say."""


class EngineState(Reply, frozen=True, kw_only=True, tag="engine_state"):
    pid: int
    version: str
    protocol: int
    uptime: float
    torch: str
    """Version of torch, or empty while it is still being imported."""
    device: str
    clients: int
    jobs: tuple[JobInfo, ...]
    log: str


class CorpusLoaded(Reply, frozen=True, kw_only=True, tag="corpus_loaded"):
    summary: CorpusSummary


class CorpusPage(Reply, frozen=True, kw_only=True, tag="corpus_page"):
    first_line: int
    lines: tuple[str, ...]
    total_lines: int


class LineFound(Reply, frozen=True, kw_only=True, tag="line_found"):
    line: int | None


class TrainingPlan(Reply, frozen=True, kw_only=True, tag="training_plan"):
    config: TrainingConfig
    reasons: tuple[str, ...]
    machine: MachineReport


class TrainingStarted(Reply, frozen=True, kw_only=True, tag="training_started"):
    job: str


class TrainingSnapshot(Reply, frozen=True, kw_only=True, tag="training_snapshot"):
    """A run's whole history; events with a higher ``sequence`` come after it."""

    info: JobInfo
    config: TrainingConfig | None
    sequence: int
    metrics: tuple[Metrics, ...]
    validations: tuple[ValidationPoint, ...]
    samples: tuple[tuple[int, str], ...]
    notices: tuple[str, ...]
    device: str = ""
    parameters: int = 0
    resumed: bool = False
    """Whether it goes on with a run whose history is its model's until then."""


class ModelList(Reply, frozen=True, kw_only=True, tag="model_list"):
    models: tuple[ModelCard, ...]
    deleted: tuple[str, ...] = ()
    """Names that can still be restored, the latest deleted first."""


class ModelHistory(Reply, frozen=True, kw_only=True, tag="model_history"):
    card: ModelCard
    metrics: tuple[Metrics, ...]
    validations: tuple[ValidationPoint, ...]
    samples: tuple[tuple[int, str], ...] = ()


class ModelReady(Reply, frozen=True, kw_only=True, tag="model_ready"):
    card: ModelCard
    device: str
    speakers: tuple[SpeakerCount, ...] = ()
    """The cast of the corpus that the model was trained on."""


class Evaluation(Reply, frozen=True, kw_only=True, tag="evaluation"):
    tokens: int
    nll: float
    """Nats a token."""
    perplexity: float
    bits_per_byte: float
    unknown: float
    """Share of tokens outside the vocabulary."""


class StreamStarted(Reply, frozen=True, kw_only=True, tag="stream_started"):
    stream: str
    records: tuple[GenerationRecord, ...]


class NextSpeakers(Reply, frozen=True, kw_only=True, tag="next_speakers"):
    speakers: tuple[tuple[str, float], ...]


class RankedCandidates(Reply, frozen=True, kw_only=True, tag="ranked_candidates"):
    """For each candidate, mean nats a token of what follows it; lower fits better."""

    scores: tuple[float, ...]


class CopiedSpans(Reply, frozen=True, kw_only=True, tag="copied_spans"):
    spans: tuple[CopiedSpan, ...]


class Explanation(Reply, frozen=True, kw_only=True, tag="explanation"):
    tokens: tuple[ExplainedToken, ...]
    attention: str
    """Name of the scoring function, or empty for a model without attention."""
    heads: int
    summary: str
    cut: int = 0
    """Tokens of the text before the first explained one."""
    reached: tuple[tuple[int, int], ...] = ()
    """Character offsets of the tokens before the first explained one that weights lie over, in
    order; the last of them is at index -1 of ``first_attended``."""
    next: NextWordOdds | None = None
    """What could come behind the text, where that was asked."""


class Neighbours(Reply, frozen=True, kw_only=True, tag="neighbours"):
    word: str
    count: int
    tables: tuple[NeighbourList, ...]
    note: str = ""


class OddOneOutFound(Reply, frozen=True, kw_only=True, tag="odd_one_out_found"):
    word: str
    table: str
    words: tuple[WordSimilarity, ...]
    """How like each is to the others, the least like first."""


class WordMap(Reply, frozen=True, kw_only=True, tag="word_map"):
    table: str
    method: str
    points: tuple[MapPoint, ...]
    variance: Unit | None = None
    """Share of the words' variance that the map shows, where the method tells."""


class Activations(Reply, frozen=True, kw_only=True, tag="activations"):
    """Of one cell, one value a token of the text, in -1..1."""

    offsets: tuple[tuple[int, int], ...]
    values: tuple[float, ...]
    of: Literal["h", "c"]
    """What the values are; h for cells without a c, whatever was asked."""


class CellsFound(Reply, frozen=True, kw_only=True, tag="cells_found"):
    cells: tuple[CellScore, ...]
    saturation: tuple[GateSaturation, ...]
    layers: int
    cells_a_layer: int
    of: Literal["h", "c"]
    """By what the cells were scored; h for cells without a c, whatever was asked."""
    marked: int
    """Tokens that are marked, of ``tokens``."""
    tokens: int


class MoodsRead(Reply, frozen=True, kw_only=True, tag="moods_read"):
    scale: tuple[int, ...]
    """The grades that the network tells, from the lowest to the highest."""
    unmoved: float
    """The mood of a text that says nothing: what the network takes for granted."""
    speeches: tuple[SpeechMood, ...]


class Exported(Reply, frozen=True, kw_only=True, tag="exported"):
    path: str
    words: int
    size: int


# -- requests


class GetEngineState(Request[EngineState], frozen=True, kw_only=True, tag="get_engine_state"):
    pass


class StopEngine(Request[Done], frozen=True, kw_only=True, tag="stop_engine"):
    """Leave; a run in progress is checkpointed first. Refused while one runs unless ``force``."""

    force: bool = False


class LoadCorpus(Request[CorpusLoaded], frozen=True, kw_only=True, tag="load_corpus"):
    paths: Paths
    cutoff: Annotated[int, Meta(ge=1, le=1000)] = 2


class ReadCorpus(Request[CorpusPage], frozen=True, kw_only=True, tag="read_corpus"):
    paths: Paths
    first_line: Annotated[int, Meta(ge=0)] = 0
    lines: Annotated[int, Meta(ge=1, le=1000)] = 100


class FindInCorpus(Request[LineFound], frozen=True, kw_only=True, tag="find_in_corpus"):
    paths: Paths
    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    first_line: Annotated[int, Meta(ge=0)] = 0


class PlanTraining(Request[TrainingPlan], frozen=True, kw_only=True, tag="plan_training"):
    """Size a run for this machine and this corpus."""

    paths: Paths
    minutes: Annotated[float, Meta(gt=0, le=100_000)] = 2.0
    settings: dict[str, Any] = {}
    """Fields of TrainingConfig that the user has fixed."""


class StartTraining(Request[TrainingStarted], frozen=True, kw_only=True, tag="start_training"):
    name: Name
    paths: Paths
    settings: dict[str, Any] = {}
    preset: Literal["", "2m", "10m", "overnight"] = ""
    """Sizes everything that ``settings`` leaves open."""
    replace: bool = False


class ResumeTraining(Request[TrainingStarted], frozen=True, kw_only=True, tag="resume_training"):
    """Go on with a run that was stopped or cut off, from its newest checkpoint."""

    name: Name


class ControlTraining(Request[Done], frozen=True, kw_only=True, tag="control_training"):
    job: str
    command: Literal["pause", "resume", "stop", "discard", "scale_learning_rate"]
    """``stop`` keeps the model so far; ``discard`` stops and deletes it; ``scale_learning_rate``
    multiplies the present rate by ``value``."""
    value: float | None = None


class WatchTraining(Request[TrainingSnapshot], frozen=True, kw_only=True, tag="watch_training"):
    """A run's history so far; its events follow until the client leaves."""

    job: str
    points: Annotated[int, Meta(ge=10, le=10_000)] = 4000
    """Most points of the curve to send; longer curves are thinned."""


class ListModels(Request[ModelList], frozen=True, kw_only=True, tag="list_models"):
    pass


class GetModelHistory(Request[ModelHistory], frozen=True, kw_only=True, tag="get_model_history"):
    name: Name


class RenameModel(Request[Done], frozen=True, kw_only=True, tag="rename_model"):
    name: Name
    new_name: Name


class DeleteModel(Request[Done], frozen=True, kw_only=True, tag="delete_model"):
    name: Name


class RestoreModel(Request[Done], frozen=True, kw_only=True, tag="restore_model"):
    """Bring back the model that was last deleted under ``name``."""

    name: Name


class LoadModel(Request[ModelReady], frozen=True, kw_only=True, tag="load_model"):
    name: Name


class Evaluate(Request[Evaluation], frozen=True, kw_only=True, tag="evaluate"):
    name: Name
    paths: Paths
    part: Literal["all", "train", "validation", "test"] = "all"


class Write(Request[StreamStarted], frozen=True, kw_only=True, tag="write"):
    """Continue a draft. Tokens come as :class:`TokensWritten` until :class:`StreamEnded`."""

    model: Name
    before: str
    """The draft up to the cursor, or its last part."""
    after: str = ""
    """What stands behind the cursor; not empty asks for a passage that leads into it."""
    cast: tuple[str, ...] = ()
    """Speakers of the draft that ``before`` may be too short to show."""
    speaker: str | None = None
    """Force this cue first: continue as a character."""
    new_line: bool = False
    """Force a line end first, unless ``before`` ends with one: its last line is complete."""
    settings: SamplerSettings = SamplerSettings()
    stop: StopRule = StopRule()
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    """None draws one; the answer's record says which."""
    branches: Annotated[int, Meta(ge=1, le=8)] = 1
    alternatives: Annotated[int, Meta(ge=0, le=50)] = 8
    """How many of the next likeliest words to send with each token."""


class WriteAgain(Request[StreamStarted], frozen=True, kw_only=True, tag="write_again"):
    """Repeat one branch of an earlier stream exactly."""

    record: GenerationRecord
    alternatives: Annotated[int, Meta(ge=0, le=50)] = 8


class AdjustStream(Request[Done], frozen=True, kw_only=True, tag="adjust_stream"):
    """New settings for a running stream, from its next token on."""

    stream: str
    settings: SamplerSettings
    stop: StopRule | None = None
    """None leaves the rule as it is."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    """None goes on with the present one."""


class StopStream(Request[Done], frozen=True, kw_only=True, tag="stop_stream"):
    stream: str


class SuggestSpeakers(Request[NextSpeakers], frozen=True, kw_only=True, tag="suggest_speakers"):
    model: Name
    before: str
    cast: tuple[str, ...] = ()


class RankCandidates(Request[RankedCandidates], frozen=True, kw_only=True, tag="rank_candidates"):
    model: Name
    before: str
    candidates: tuple[str, ...]
    after: str


class FindCopied(Request[CopiedSpans], frozen=True, kw_only=True, tag="find_copied"):
    """Spans of ``text`` that stand word for word in the model's corpus."""

    model: Name
    text: str
    words: Annotated[int, Meta(ge=2, le=1000)] = 8
    """Shortest span worth telling."""


class Explain(Request[Explanation], frozen=True, kw_only=True, tag="explain"):
    """Odds, copying and attention for the last ``tokens`` tokens of ``text``."""

    model: Name
    text: str
    tokens: Annotated[int, Meta(ge=1, le=2000)] = 200
    alternatives: Annotated[int, Meta(ge=0, le=50)] = 10
    attention: bool = True
    settings: SamplerSettings | None = None
    """Show the odds after these; None shows the model's own."""
    next: bool = False
    """Tell what could come behind the text, too; its last word is taken to be whole."""


class FindNeighbours(Request[Neighbours], frozen=True, kw_only=True, tag="find_neighbours"):
    model: Name
    word: str
    number: Annotated[int, Meta(ge=1, le=200)] = 10


class FindAnalogy(Request[Neighbours], frozen=True, kw_only=True, tag="find_analogy"):
    """Words nearest to ``a - b + c``."""

    model: Name
    a: str
    b: str
    c: str
    number: Annotated[int, Meta(ge=1, le=200)] = 10


class FindOddOneOut(Request[OddOneOutFound], frozen=True, kw_only=True, tag="find_odd_one_out"):
    model: Name
    words: Annotated[tuple[str, ...], Meta(min_length=3, max_length=50)]


class FindSimilarSpeakers(
    Request[Neighbours], frozen=True, kw_only=True, tag="find_similar_speakers"
):
    model: Name
    speaker: str
    number: Annotated[int, Meta(ge=1, le=200)] = 10


class MapWords(Request[WordMap], frozen=True, kw_only=True, tag="map_words"):
    model: Name
    table: str = ""
    method: Literal["pca", "tsne"] = "pca"
    words: Annotated[int, Meta(ge=2, le=5000)] = 300


class GetActivations(Request[Activations], frozen=True, kw_only=True, tag="get_activations"):
    model: Name
    text: str
    layer: Annotated[int, Meta(ge=0)] = 0
    cell: Annotated[int, Meta(ge=0)] = 0
    of: Literal["h", "c"] = "c"


class FindCells(Request[CellsFound], frozen=True, kw_only=True, tag="find_cells"):
    """Cells that best mark the characters in ``spans`` (or where ``feature`` holds)."""

    model: Name
    text: str
    feature: str = ""
    """``parentheses``, ``line start``, or ``speaker NAME``; empty uses ``spans``."""
    spans: tuple[tuple[int, int], ...] = ()
    number: Annotated[int, Meta(ge=1, le=100)] = 10
    of: Literal["h", "c"] = "c"


class TrainVectors(Request[TrainingStarted], frozen=True, kw_only=True, tag="train_vectors"):
    """Skip-gram word vectors of a corpus, kept under ``name``."""

    name: Name
    paths: Paths
    dimension: Annotated[int, Meta(ge=8, le=1024)] = 100
    window: Annotated[int, Meta(ge=1, le=20)] = 5
    negatives: Annotated[int, Meta(ge=1, le=100)] = 5
    epochs: Annotated[int, Meta(ge=1, le=1000)] = 5
    cutoff: Annotated[int, Meta(ge=1, le=1000)] = 2
    learning_rate: Annotated[float, Meta(gt=0, le=1)] = 0.2
    """Adagrad's step at the start."""
    subsample: Annotated[float, Meta(ge=0, le=1)] = 1e-3
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    replace: bool = False


class ExportVectors(Request[Exported], frozen=True, kw_only=True, tag="export_vectors"):
    """Write a model's vectors in the word2vec text format."""

    name: Name
    path: str
    table: str = ""


class ImportVectors(Request[Exported], frozen=True, kw_only=True, tag="import_vectors"):
    """Take vectors in the word2vec or GloVe text format into the library under ``name``."""

    name: Name
    path: str


class TrainMoods(Request[TrainingStarted], frozen=True, kw_only=True, tag="train_moods"):
    """A network that tells moods, from files of labelled texts (:mod:`engine.moods.labelled`)."""

    name: Name
    paths: Paths
    settings: MoodConfig = MoodConfig()
    replace: bool = False


class ReadMoods(Request[MoodsRead], frozen=True, kw_only=True, tag="read_moods"):
    """The mood of every speech of ``text``."""

    model: Name
    text: Annotated[str, Meta(max_length=MOST_MOOD_TEXT)]


# -- events


class Progress(Event, frozen=True, kw_only=True, tag="progress"):
    """How far a call has come; ``total`` is 0 where that is not known."""

    id: int
    stage: str
    done: int
    total: int


class TrainingMetrics(Event, frozen=True, kw_only=True, tag="training_metrics"):
    job: str
    sequence: int
    metrics: Metrics


class TrainingValidation(Event, frozen=True, kw_only=True, tag="training_validation"):
    job: str
    sequence: int
    point: ValidationPoint


class TrainingSample(Event, frozen=True, kw_only=True, tag="training_sample"):
    job: str
    sequence: int
    step: int
    text: str


class TrainingNotice(Event, frozen=True, kw_only=True, tag="training_notice"):
    job: str
    sequence: int
    text: str


class TrainingStateChanged(Event, frozen=True, kw_only=True, tag="training_state_changed"):
    sequence: int
    info: JobInfo


class JobsChanged(Event, frozen=True, kw_only=True, tag="jobs_changed"):
    """Sent to every client when a run starts, ends or changes its state."""

    jobs: tuple[JobInfo, ...]


class TokensWritten(Event, frozen=True, kw_only=True, tag="tokens_written"):
    stream: str
    branch: int
    tokens: tuple[WrittenToken, ...]


class StreamEnded(Event, frozen=True, kw_only=True, tag="stream_ended"):
    """A branch is complete; ``record`` makes it again."""

    stream: str
    branch: int
    reason: Literal["length", "line", "speech", "scene", "stopped", "failed"]
    record: GenerationRecord | None
    message: str = ""
    fit: float | None = None
    """Mean nats a token of what stands behind the cursor, after this branch; lower fits better."""


class Heartbeat(Event, frozen=True, kw_only=True, tag="heartbeat"):
    """Sent every second from a thread of its own; ``busy`` names what the engine is at."""

    monotonic: float
    busy: str


# -- envelopes


class Hello(Struct, frozen=True, kw_only=True, tag="hello"):
    """First frame of a client."""

    protocol: int
    client: str
    version: str


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """First frame of the engine; the protocol versions decide whether to talk on."""

    protocol: int
    version: str
    pid: int


AnyRequest = (
    GetEngineState
    | StopEngine
    | LoadCorpus
    | ReadCorpus
    | FindInCorpus
    | PlanTraining
    | StartTraining
    | ResumeTraining
    | ControlTraining
    | WatchTraining
    | ListModels
    | GetModelHistory
    | RenameModel
    | DeleteModel
    | RestoreModel
    | LoadModel
    | Evaluate
    | Write
    | WriteAgain
    | AdjustStream
    | StopStream
    | SuggestSpeakers
    | RankCandidates
    | FindCopied
    | Explain
    | FindNeighbours
    | FindAnalogy
    | FindOddOneOut
    | FindSimilarSpeakers
    | MapWords
    | GetActivations
    | FindCells
    | TrainVectors
    | ExportVectors
    | ImportVectors
    | TrainMoods
    | ReadMoods
)

AnyReply = (
    Done
    | EngineState
    | CorpusLoaded
    | CorpusPage
    | LineFound
    | TrainingPlan
    | TrainingStarted
    | TrainingSnapshot
    | ModelList
    | ModelHistory
    | ModelReady
    | Evaluation
    | StreamStarted
    | NextSpeakers
    | RankedCandidates
    | CopiedSpans
    | Explanation
    | Neighbours
    | OddOneOutFound
    | WordMap
    | Activations
    | CellsFound
    | MoodsRead
    | Exported
)

AnyEvent = (
    Progress
    | TrainingMetrics
    | TrainingValidation
    | TrainingSample
    | TrainingNotice
    | TrainingStateChanged
    | JobsChanged
    | TokensWritten
    | StreamEnded
    | Heartbeat
)


class Call(Struct, frozen=True, kw_only=True, tag="call"):
    """A request and the number that its answer will carry."""

    id: int
    request: AnyRequest


class Answer(Struct, frozen=True, kw_only=True, tag="answer"):
    id: int
    reply: AnyReply


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """A call that could not be done, in words for the reader."""

    id: int
    message: str
    hint: str = ""


class Told(Struct, frozen=True, kw_only=True, tag="told"):
    """An event on its way to a client."""

    event: AnyEvent


FromClient = Hello | Call
FromEngine = Welcome | Answer | Failed | Told
