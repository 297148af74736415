"""What the engine does for each request: the table from messages to the parts that serve them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import engine
from engine import paths
from engine.config import checked
from engine.daemon.job_pipe import JobCommand, JobSpec
from engine.daemon.jobs import Jobs, thinned
from engine.daemon.server import Server, Session
from engine.errors import ColdOpenError, ModelError, TrainingError
from engine.protocol import messages as m
from engine.protocol.values import ENDED, RunKind
from engine.storage import library
from engine.storage.checkpoint import can_go_on
from engine.storage.run_lock import is_written

if TYPE_CHECKING:
    from engine.daemon.room import ModelRoom

log = logging.getLogger(__name__)


class Service:
    """The engine behind its door: requests in, replies and events out.

    torch is imported in a thread of its own after the door is open; a request that needs it
    waits, the others do not.
    """

    def __init__(self, socket: Path, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._started = time.monotonic()
        self._busy: dict[int, str] = {}
        self._room: ModelRoom | None = None
        self._room_failure: Exception | None = None
        self._room_ready = threading.Event()
        self._leaving = threading.Event()
        self._leave_lock = threading.Lock()
        self._jobs_lock = threading.Lock()
        self._library_lock = threading.Lock()
        self._table: dict[type, Callable[[Session, int, Any], m.Reply]] = {
            m.GetEngineState: self._engine_state,
            m.StopEngine: self._stop_engine,
            m.LoadCorpus: self._load_corpus,
            m.ReadCorpus: self._read_corpus,
            m.FindInCorpus: self._find_in_corpus,
            m.StartTraining: self._start_training,
            m.ResumeTraining: self._resume_training,
            m.TrainVectors: self._train_other,
            m.TrainMoods: self._train_other,
            m.ControlTraining: self._control_training,
            m.WatchTraining: self._watch_training,
            m.ListModels: self._list_models,
            m.GetModelHistory: self._model_history,
            m.RenameModel: self._rename_model,
            m.DeleteModel: self._delete_model,
            m.RestoreModel: self._restore_model,
            m.ImportVectors: self._import_vectors,
        }
        self._server = Server(
            socket,
            self._handle,
            on_answered=self._answered,
            on_leave=self._client_left,
            busy_with=self._busy_with,
        )
        self._jobs = Jobs(self._server.tell_watchers, self._jobs_changed)

    def run(self) -> None:
        """Serve until told to leave, or idle for long enough."""
        threading.Thread(target=self._import_torch, name="torch import", daemon=True).start()
        threading.Thread(target=self._watch_idleness, name="idle watch", daemon=True).start()
        self._server.serve()
        self._leaving.wait()
        self.leave()

    def leave(self) -> None:
        """Keep what runs, then close the door."""
        with self._leave_lock:
            if not self._leaving.is_set():
                self._server.turn_away()
                self._jobs.stop_all()
                if self._room is not None:
                    self._room.close()
                self._leaving.set()
                self._server.stop()

    # -- dispatch

    def _handle(self, session: Session, call: int, request: m.AnyRequest) -> m.Reply:
        key = threading.get_ident()
        self._busy[key] = type(request).__name__
        try:
            if (own := self._table.get(type(request))) is not None:
                return own(session, call, request)
            return self._models().handle(session, call, request)
        finally:
            self._busy.pop(key, None)

    def _answered(self, request: m.AnyRequest) -> None:
        if isinstance(request, m.StopEngine):
            self.leave()

    def _models(self) -> ModelRoom:
        self._room_ready.wait()
        if self._room is None:
            raise ColdOpenError(
                f"The engine could not load torch: {self._room_failure}.",
                "`coldopen engine logs` has the details.",
            )
        return self._room

    def _import_torch(self) -> None:
        try:
            from engine.daemon.room import ModelRoom

            self._room = ModelRoom()
            log.info("torch %s on %s", self._room.torch_version, self._room.device)
        except Exception as error:
            log.exception("torch cannot be used")
            self._room_failure = error
        finally:
            self._room_ready.set()

    def _busy_with(self) -> str:
        return ", ".join(sorted(set(self._busy.values())))

    def _client_left(self, session: Session) -> None:
        if self._room is not None:
            self._room.forget(session)

    def _watch_idleness(self) -> None:
        while not self._leaving.wait(min(1.0, self._idle_seconds / 4)):
            if not self._jobs.running() and self._server.turn_away(self._idle_seconds):
                log.info("idle for %.0f seconds: leaving", self._idle_seconds)
                self.leave()

    def _jobs_changed(self) -> None:
        with self._jobs_lock:  # The last that is told is how things stand.
            self._server.touch()
            self._server.broadcast(m.JobsChanged(jobs=self._jobs.infos()))

    # -- the engine itself

    def _engine_state(self, session: Session, call: int, request: m.GetEngineState) -> m.Reply:
        room = self._room
        return m.EngineState(
            pid=os.getpid(),
            version=engine.__version__,
            protocol=m.PROTOCOL_VERSION,
            uptime=time.monotonic() - self._started,
            torch=room.torch_version if room else "",
            device=room.device if room else "",
            clients=len(self._server.sessions),
            jobs=self._jobs.infos(),
            log=str(paths.log_file()),
        )

    def _stop_engine(self, session: Session, call: int, request: m.StopEngine) -> m.Reply:
        running = self._jobs.running()
        if running and not request.force:
            raise TrainingError(
                f"“{running[0].name}” is still training.",
                "Stop it first, or use --force: what it has learned so far is kept.",
            )
        return m.Done()  # and once it is on its way, _answered leaves

    # -- corpus

    def _load_corpus(self, session: Session, call: int, request: m.LoadCorpus) -> m.Reply:
        from engine.corpus.corpus import load_corpus
        from engine.corpus.statistics import summarise

        begun = time.monotonic()
        corpus = load_corpus(
            _as_paths(request.paths), cutoff=request.cutoff, progress=_teller(session, call)
        )
        summary = summarise(corpus)
        return m.CorpusLoaded(
            summary=msgspec.structs.replace(summary, seconds=time.monotonic() - begun)
        )

    def _read_corpus(self, session: Session, call: int, request: m.ReadCorpus) -> m.Reply:
        from engine.corpus import browse

        corpus = browse.text_of(_as_paths(request.paths))
        lines = corpus.page(request.first_line, request.lines)
        return m.CorpusPage(
            first_line=request.first_line, lines=tuple(lines), total_lines=corpus.total_lines
        )

    def _find_in_corpus(self, session: Session, call: int, request: m.FindInCorpus) -> m.Reply:
        from engine.corpus import browse

        corpus = browse.text_of(_as_paths(request.paths))
        return m.LineFound(line=corpus.find(request.text, request.first_line))

    # -- training

    def _start_training(self, session: Session, call: int, request: m.StartTraining) -> m.Reply:
        config = checked(request.settings)
        if config.initial_vectors == request.name:
            raise TrainingError(
                f"“{request.name}” cannot take the place of the vectors that it starts from.",
                "Choose another name.",
            )
        if config.initial_vectors:
            from engine.vectors.initial_embedding import check_start

            check_start(config)
        with self._library_lock:
            folder = self._new_run_folder(request)
            return self._begin(
                JobSpec(
                    name=request.name,
                    run_dir=str(folder),
                    paths=request.paths,
                    settings=request.settings,
                    preset=request.preset,
                    replace=request.replace,
                )
            )

    def _resume_training(self, session: Session, call: int, request: m.ResumeTraining) -> m.Reply:
        folder = library.folder_of(request.name)
        card = library.read_card(folder)
        if card.bundled:
            raise TrainingError("A bundled model cannot be trained further.", "Train your own.")
        if not card.is_language_model:
            what = "Word vectors" if card.kind == "vectors" else "Moods"
            raise TrainingError(f"{what} are learned in one go.", "Train them again.")
        if card.state == "finished":
            raise TrainingError(
                f"“{card.name}” has finished its run; there is nothing to resume.",
                "Train a new model to go further.",
            )
        with self._library_lock:
            self._refuse_while_training(request.name)
            if not can_go_on(folder):
                raise TrainingError(
                    f"“{card.name}” was cut off before its first checkpoint: it cannot go on.",
                    "Write with it as it is, if it can, or train it anew.",
                )
            return self._begin(
                JobSpec(
                    name=request.name, run_dir=str(folder), paths=card.corpus_paths, resume=True
                )
            )

    def _train_other(
        self, session: Session, call: int, request: m.TrainVectors | m.TrainMoods
    ) -> m.Reply:
        with self._library_lock:
            folder = self._new_run_folder(request)
            return self._begin(
                JobSpec(
                    name=request.name,
                    run_dir=str(folder),
                    paths=request.paths,
                    other=msgspec.structs.replace(request, paths=request.paths[:1]),
                    replace=request.replace,
                )
            )

    def _begin(self, spec: JobSpec) -> m.TrainingStarted:
        return m.TrainingStarted(job=self._jobs.start(spec, _title(spec.paths)))

    def _new_run_folder(self, request: m.StartTraining | m.TrainVectors | m.TrainMoods) -> Path:
        """Where a run can put its model; one that it replaces stays until the run has begun."""
        name = request.name
        folder = paths.models_dir() / library.checked_name(name)
        self._refuse_while_training(name, "Choose another name.")
        library.refuse_bundled(name)
        if not (request.replace and folder.is_dir()):
            library.refuse_taken(folder, "Choose another name, or say to replace it.")
        else:
            _refuse_another_kind(folder, _MAKES[type(request)])
        return folder

    def _control_training(self, session: Session, call: int, request: m.ControlTraining) -> m.Reply:
        self._jobs.control(request.job, JobCommand(command=request.command, value=request.value))
        return m.Done()

    def _watch_training(self, session: Session, call: int, request: m.WatchTraining) -> m.Reply:
        snapshot = self._jobs.snapshot(request.job, request.points)
        session.watching.add(snapshot.info.job)
        return self._jobs.snapshot(request.job, request.points)

    # -- library

    def _list_models(self, session: Session, call: int, request: m.ListModels) -> m.Reply:
        cards = tuple(self._truthful(card) for card in library.list_cards())
        return m.ModelList(models=cards, deleted=library.deleted())

    def _model_history(self, session: Session, call: int, request: m.GetModelHistory) -> m.Reply:
        folder = library.folder_of(request.name)
        metrics, points, samples = library.read_history(folder)
        return m.ModelHistory(
            card=self._truthful(library.read_card(folder)),
            metrics=thinned(metrics, 4000),
            validations=thinned(points, 2000),
            samples=tuple(samples[-20:]),
        )

    def _truthful(self, card: Any) -> Any:
        """A card that says "running" of a run that is gone was cut off."""
        if not (card.state in ENDED or self._is_training(card.name)):
            return msgspec.structs.replace(card, state="stopped")
        return card

    def _rename_model(self, session: Session, call: int, request: m.RenameModel) -> m.Reply:
        with self._library_lock:
            self._refuse_while_training(request.name)
            self._refuse_while_training(request.new_name)
            library.rename(request.name, request.new_name)
        return m.Done()

    def _delete_model(self, session: Session, call: int, request: m.DeleteModel) -> m.Reply:
        with self._library_lock:
            self._refuse_while_training(request.name)
            library.delete(request.name)
        return m.Done()

    def _restore_model(self, session: Session, call: int, request: m.RestoreModel) -> m.Reply:
        with self._library_lock:
            self._refuse_while_training(request.name)
            library.restore(request.name)
        return m.Done()

    def _import_vectors(self, session: Session, call: int, request: m.ImportVectors) -> m.Reply:
        self._refuse_while_training(request.name)
        return self._models().handle(session, call, request)

    def _refuse_while_training(self, name: str, hint: str = "Stop it first.") -> None:
        library.checked_name(name)
        if self._jobs.is_training(name):
            raise TrainingError(f"“{name}” is training right now.", hint)
        if self._is_training(name):  # by a run that is not this engine's
            raise TrainingError(
                f"A run of “{name}” that this engine has not begun is still going on.",
                "Try again when it is over.",
            )

    def _is_training(self, name: str) -> bool:
        return is_written(paths.models_dir() / name) or self._jobs.is_training(name)


_MAKES: dict[type, RunKind] = {
    m.StartTraining: "model",
    m.TrainVectors: "vectors",
    m.TrainMoods: "moods",
}
_CALLED = {"model": "a language model", "vectors": "word vectors", "moods": "moods"}


def _refuse_another_kind(folder: Path, kind: RunKind) -> None:
    """See that what is replaced in ``folder`` is of the ``kind`` that takes its place.

    Raises:
        TrainingError: when it is not.
    """
    with contextlib.suppress(ModelError):  # one that cannot be read may be replaced
        card = library.read_card(folder)
        if card.made_by != kind:
            raise TrainingError(
                f"“{card.name}” is another kind of thing: {_CALLED[card.made_by]},"
                f" not {_CALLED[kind]}.",
                "Choose another name, or delete it first.",
            )


def _teller(session: Session, call: int) -> Callable[[str, int, int], None]:
    def tell(stage: str, done: int, total: int) -> None:
        session.tell(m.Progress(id=call, stage=stage, done=done, total=total))

    return tell


def _as_paths(given: tuple[str, ...]) -> list[Path]:
    return [paths.expanded(p) for p in given]


def _title(given: tuple[str, ...]) -> str:
    first = Path(given[0])
    # Path.resolve would raise where links lead in a circle, which is told when it is read.
    if os.path.realpath(first) == os.path.realpath(paths.bundled_corpus()):
        return "Spin Cycle"
    more = f" and {len(given) - 1} more" if len(given) > 1 else ""
    return first.name + more
