"""Every knob of a training run, typed in one place.

The ranges and the one-line explanations here are the only ones: the Train form, the command
line's options and the checks on a message from a client are all made from these classes, and the
whole value is saved inside each checkpoint.
"""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from engine.errors import ConfigurationError

ModelKind = Literal["script", "reply", "classic"]
Cell = Literal["lstm", "gru", "elman"]
Attention = Literal["none", "dot", "general", "additive"]
Precision = Literal["auto", "float32", "bfloat16"]
DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]


def _about(
    group: str,
    text: str,
    unit: str = "",
    models: tuple[ModelKind, ...] = get_args(ModelKind),
    **limits: float,
) -> Meta:
    """``models`` are those that the knob means something to."""
    extra = {"group": group, "unit": unit, "models": models}
    return Meta(description=text, extra=extra, **limits)  # type: ignore[call-overload, no-any-return]


def _about_script(group: str, text: str, unit: str = "", **limits: float) -> Meta:
    return _about(group, text, unit, ("script",), **limits)


def _about_ours(group: str, text: str, unit: str = "", **limits: float) -> Meta:
    """Of all but the textbook's network."""
    return _about(group, text, unit, ("script", "reply"), **limits)


class TrainingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of one run: data, model, optimisation and how long it may take."""

    # -- model
    model: Annotated[
        ModelKind,
        _about(
            "Model",
            "script: the default; reply: encoder and decoder, each speech an answer to the one"
            " before; classic: the textbook's network.",
        ),
    ] = "script"
    cell: Annotated[
        Cell,
        _about_script("Model", "The recurrent cell. LSTM is the strongest; Elman the simplest."),
    ] = "lstm"
    embedding_size: Annotated[
        int,
        _about("Model", "Numbers per word vector. More can say more and cost more.", ge=8, le=4096),
    ] = 256
    hidden_size: Annotated[
        int, _about("Model", "Units in each recurrent layer: the model's memory.", ge=8, le=8192)
    ] = 256
    layers: Annotated[
        int, _about("Model", "Recurrent layers, one on top of the other.", ge=1, le=8)
    ] = 2
    attention: Annotated[
        Attention,
        _about_ours(
            "Model", "How the model looks back: dot, general (Luong), additive (Bahdanau)."
        ),
    ] = "general"
    attention_span: Annotated[
        int,
        _about_ours(
            "Model",
            "How many past words attention and copying can reach, or an encoder reads.",
            ge=8,
            le=4096,
        ),
    ] = 128
    copying: Annotated[
        bool,
        _about_script(
            "Model", "Let the model repeat words of the context, even ones it never saw."
        ),
    ] = True
    ngrams: Annotated[
        bool,
        _about_script("Model", "Mix in counted phrases of the corpus (Kneser-Ney), if it helps."),
    ] = True
    recency: Annotated[
        bool,
        _about_script(
            "Model", "Make words and phrases of the draft likelier to come again, if it helps."
        ),
    ] = True
    neural_cache: Annotated[
        bool,
        _about_script(
            "Model", "Tune a neural cache on the validation part at the end, if it helps."
        ),
    ] = True
    initial_vectors: Annotated[
        str,
        _about_script(
            "Model",
            "Word vectors of the Library that the script model's embedding starts from.",
            unit="a name, or empty",
            max_length=200,
        ),
    ] = ""
    vector_passes: Annotated[
        int,
        _about_script(
            "Model",
            "Passes over the corpus that make word vectors for the embedding to start from.",
            ge=0,
            le=100,
        ),
    ] = 0
    # -- regularisation
    dropout: Annotated[
        float,
        _about(
            "Regularisation",
            "Share of units silenced in training, against learning by heart.",
            ge=0,
            lt=1,
        ),
    ] = 0.3
    embedding_dropout: Annotated[
        float,
        _about_ours("Regularisation", "Share of whole words hidden from the input.", ge=0, lt=1),
    ] = 0.05
    weight_drop: Annotated[
        float,
        _about_script(
            "Regularisation", "Share of hidden-to-hidden weights silenced (AWD-LSTM).", ge=0, lt=1
        ),
    ] = 0.0
    weight_decay: Annotated[
        float, _about("Regularisation", "Pull of every weight towards zero.", ge=0, le=1)
    ] = 0.01
    # -- data
    vocabulary_cutoff: Annotated[
        int, _about("Data", "Words seen fewer times than this become unknown words.", ge=1, le=1000)
    ] = 2
    batch_size: Annotated[
        int, _about("Data", "Columns of text read side by side in a step.", ge=1, le=4096)
    ] = 32
    sequence_length: Annotated[
        int,
        _about(
            "Data", "Words per step before the gradient is cut (truncated BPTT).", ge=2, le=2048
        ),
    ] = 32
    # -- optimisation
    candidates: Annotated[
        int,
        _about_ours(
            "Optimisation",
            "Words that each step tells the right one from; 0 takes the whole vocabulary.",
            ge=0,
            le=1_000_000,
        ),
    ] = 0
    learning_rate: Annotated[
        float, _about("Optimisation", "Highest step size of the one-cycle schedule.", gt=0, le=1)
    ] = 4e-3
    gradient_clip: Annotated[
        float,
        _about(
            "Optimisation", "Longest gradient allowed; longer ones are scaled back.", gt=0, le=100
        ),
    ] = 1.0
    epochs: (
        Annotated[
            int,
            _about("Length", "Passes over the corpus; empty when minutes decide.", ge=1, le=10_000),
        ]
        | None
    ) = None
    minutes: (
        Annotated[
            float, _about("Length", "Minutes to train; empty when epochs decide.", gt=0, le=100_000)
        ]
        | None
    ) = None
    patience: Annotated[
        int,
        _about(
            "Length",
            "Validations without progress before stopping early; 0 never stops.",
            ge=0,
            le=1000,
        ),
    ] = 0
    # -- machine
    device: Annotated[
        DeviceChoice, _about("Machine", "Where to train; auto takes the fastest.")
    ] = "auto"
    precision: Annotated[
        Precision, _about("Machine", "Arithmetic of the matrix products; auto measures and picks.")
    ] = "auto"
    seed: Annotated[
        int,
        _about(
            "Machine",
            "Same seed, same run, where epochs rule it: minutes go by the clock.",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 1

    def __post_init__(self) -> None:
        if self.epochs is None and self.minutes is None:
            msgspec.structs.force_setattr(self, "epochs", 10)


def _about_moods(group: str, text: str, **limits: float) -> Meta:
    return _about(group, text, "", (), **limits)


class MoodConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of a network that tells moods (:mod:`engine.moods.mood_model`)."""

    embedding_size: Annotated[
        int, _about_moods("Model", "Numbers per word vector.", ge=8, le=1024)
    ] = 64
    hidden_size: Annotated[
        int, _about_moods("Model", "Units in each recurrent layer.", ge=8, le=2048)
    ] = 128
    layers: Annotated[
        int, _about_moods("Model", "Recurrent layers, one on top of the other.", ge=1, le=4)
    ] = 1
    dropout: Annotated[
        float,
        _about_moods(
            "Regularisation", "Share of units silenced, against learning by heart.", ge=0, lt=1
        ),
    ] = 0.5
    word_dropout: Annotated[
        float,
        _about_moods("Regularisation", "Share of words that training hides.", ge=0, lt=1),
    ] = 0.1
    weight_decay: Annotated[
        float, _about_moods("Regularisation", "Pull of every weight towards zero.", ge=0, le=1)
    ] = 0.02
    vocabulary_cutoff: Annotated[
        int,
        _about_moods("Data", "Words seen fewer times than this are unknown words.", ge=1, le=1000),
    ] = 2
    batch_size: Annotated[int, _about_moods("Data", "Texts in a step.", ge=1, le=4096)] = 32
    learning_rate: Annotated[
        float,
        _about_moods("Optimisation", "Highest step size of the one-cycle schedule.", gt=0, le=1),
    ] = 6e-3
    epochs: Annotated[int, _about_moods("Length", "Passes over the texts.", ge=1, le=1000)] = 5
    seed: Annotated[
        int, _about_moods("Machine", "Same seed, same network.", ge=0, le=2**31 - 1)
    ] = 1


class Knob(msgspec.Struct, frozen=True):
    """One field of a configuration as a form or an option parser needs it."""

    name: str
    group: str
    description: str
    default: Any
    type: Literal["int", "float", "bool", "choice", "str"]
    optional: bool
    choices: tuple[str, ...]
    limits: str
    """What is allowed in words, such as ``8 to 4096``; empty for choices and switches."""
    models: tuple[ModelKind, ...]
    """Those that it means something to."""


def knobs(of: type[TrainingConfig | MoodConfig] = TrainingConfig) -> tuple[Knob, ...]:
    """The fields of a configuration, in order, with range and explanation."""
    hints = get_type_hints(of, include_extras=True)
    return tuple(
        _knob(field.name, hints[field.name], field.default) for field in msgspec.structs.fields(of)
    )


def knobs_of(model: ModelKind) -> tuple[Knob, ...]:
    """The knobs that mean something to such a model; to others they are nothing."""
    return tuple(knob for knob in knobs() if model in knob.models)


def _knob(name: str, hint: Any, default: Any) -> Knob:
    optional = get_origin(hint) in (Union, UnionType)
    if optional:
        hint = next(arm for arm in get_args(hint) if arm is not type(None))
    kind, meta = get_args(hint)
    choices = tuple(get_args(kind))
    return Knob(
        name=name,
        group=meta.extra["group"],
        description=meta.description,
        default=default,
        type="choice" if choices else kind.__name__,
        optional=optional,
        choices=choices,
        limits=meta.extra["unit"] or _range_in_words(meta),
        models=meta.extra["models"],
    )


def _range_in_words(meta: Meta) -> str:
    def shown(prefix: str, bound: float | None) -> str:
        return "" if bound is None else f"{prefix}{bound:,.10g}"

    low = shown("", meta.ge) or shown("over ", meta.gt)
    high = shown("", meta.le) or shown("under ", meta.lt)
    return f"{low} to {high}" if low or high else ""


def checked(values: dict[str, Any], base: TrainingConfig | None = None) -> TrainingConfig:
    """``base`` with ``values`` laid over it, every range checked.

    Raises:
        ConfigurationError: naming the field, the value and the range that it must lie in, or the
            model that has no such setting.
    """
    known = {knob.name: knob for knob in knobs()}
    for name in values:
        if name not in known:
            raise ConfigurationError(
                f"There is no training setting called {name!r}.", f"Known: {', '.join(known)}."
            )
    merged = msgspec.structs.asdict(base or TrainingConfig()) | values
    if values.get("minutes") is not None and "epochs" not in values:
        merged["epochs"] = None
    for name, value in values.items():
        try:
            msgspec.convert({name: value}, TrainingConfig)
        except msgspec.ValidationError:
            knob = known[name]
            allowed = " or ".join(knob.choices) if knob.choices else knob.limits or "true or false"
            raise ConfigurationError(
                f"{name.replace('_', ' ')}: {value!r} is not allowed.", f"Allowed: {allowed}."
            ) from None
    config = msgspec.convert(merged, TrainingConfig)
    for name, value in values.items():
        # One that is left as it is says nothing: forms and presets send all that there are.
        if config.model not in known[name].models and value != known[name].default:
            raise ConfigurationError(
                f"{name.replace('_', ' ')}: a {config.model} model does not have that setting.",
                "Leave it out, or choose another model.",
            )
    return config
