"""Errors that are shown to people: what is wrong, with which value, and what to do about it."""


class ColdOpenError(Exception):
    """A failure with a sentence for the reader and, where there is one, a way out.

    ``message`` names the file or value at fault; ``hint`` says what to do next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class CorpusError(ColdOpenError):
    """A file or folder that cannot be used as a corpus."""


class ModelError(ColdOpenError):
    """A model that is missing, damaged or cannot do what was asked."""


class ConfigurationError(ColdOpenError):
    """A setting that is out of range or unknown."""


class TrainingError(ColdOpenError):
    """A training run that cannot start or go on."""


class EngineUnavailable(ColdOpenError):  # noqa: N818 - it is a state of the world, not a fault
    """The engine cannot be reached or started."""


class NoEngine(EngineUnavailable):
    """No engine runs, and none was to be started."""
