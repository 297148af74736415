"""The command line: exit statuses, JSON and nothing else on standard output, words for people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from engine.client.launch import socket_path
from tui.cli.main import build_parser, main, opens_app
from tui.cli.train_commands import metrics_line, settings_from
from tui.cli.write_commands import sampler_from
from tui.config import USUAL_ODDS

SMALL = [
    *("--hidden-size", "16", "--embedding-size", "16", "--batch-size", "8", "--epochs", "1"),
    *("--attention-span", "16", "--precision", "float32", "--device", "cpu"),
]


def coldopen(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
    )


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["train", "x.txt"],
        ["moods", "train", "x.tsv", "--name", "n", "--epochs", "0"],
        ["moods", "train", "x.tsv", "--name", ""],
        ["train", "x.txt", "--name", "n", "--dropout", "7"],
        ["train", "x.txt", "--name", "n", "--cell", "magic"],
        ["train", "x.txt", "--resume", "--name", "n"],
        ["train", "--resume", "--name", "n", "--epochs", "3"],
        ["train", "--resume", "--name", "n", "--preset", "2m"],
        ["train", "--resume", "--name", "n", "--replace"],
        ["write", "m", "--tokens", "0"],
        ["write", "m", "--temperature", "99"],
        ["write", "m", "--top-p", "0"],
        ["write", "m", "--no-repeat-ngram", "21"],
        ["write", "m", "--max-copied-words", "-1"],
        ["write", "m", "--seed", "-1"],
        ["write", "m", "--temperature", "nan"],
        ["write", ""],
        ["write", "m", "--prompt", "\udcff"],
        ["train", "x.txt", "--name", ""],
        ["train", "x.txt", "--name", "../evil"],
        ["train", "x.txt", "--name", "n" * 201],
        ["train", "--resume", "--name", ".hidden"],
        ["train", "x.txt", "--name", "n", "--hidden-size", "many"],
        ["train", "x.txt", "--name", "n", "--model", "classic", "--cell", "gru"],
        ["corpus", "info", "x.txt", "--cutoff", "0"],
        ["corpus", "info", "\udcff.txt"],
        ["eval", "", "x.txt"],
        ["neighbours", "m", "word", "-n", "0"],
        ["explain", "m", "--prompt", "x", "--tokens", "-1"],
        ["explain", "m", "--prompt", " \n"],
        ["vectors", "train", "x.txt", "--name", "v", "--dimension", "0"],
        ["engine", "logs", "-n", "-1"],
    ],
)
def test_a_wrong_command_line_is_two(
    engine_home: Path, arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    done = main(arguments)
    assert done == 2
    told = capfd.readouterr()
    assert told.err.startswith("coldopen: ")
    assert not told.out
    assert main([*arguments, "--json"]) == 2
    told = capfd.readouterr()
    (failure,) = told.out.splitlines()
    assert json.loads(failure)["error"] in told.err


def test_all_odds_of_the_app_can_be_given() -> None:
    given = {
        "temperature": 0.5,
        "top_k": 7,
        "top_p": 0.5,
        "min_p": 0.25,
        "repetition_penalty": 1.5,
        "no_repeat_ngram": 3,
        "banned": ("soup", "by and by"),
        "max_copied_words": 9,
        "paired_brackets": False,
    }
    options = ["write", "m", "--no-paired-brackets"]
    for name, value in given.items():
        if isinstance(value, bool):
            continue
        for each in value if isinstance(value, tuple) else (value,):
            options += [f"--{name.replace('_', '-')}", str(each)]
    assert msgspec.structs.asdict(sampler_from(build_parser().parse_args(options))) == given
    assert sampler_from(build_parser().parse_args(["write", "m"])) == USUAL_ODDS


def test_a_failure_is_one_and_says_why(engine_home: Path, tmp_path: Path) -> None:
    missing = coldopen("corpus", "info", str(tmp_path / "nowhere.txt"))
    assert missing.returncode == 1
    assert "nowhere.txt" in missing.stderr
    unknown = coldopen("write", "nobody", "--prompt", "x", "--json")
    assert unknown.returncode == 1
    assert "nobody" in json.loads(unknown.stdout)["error"]
    assert coldopen("engine", "stop").returncode == 0
    assert coldopen("engine", "status").returncode == 1


def test_a_prompt_that_is_not_utf8_is_refused_in_words(engine_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", "write", "spin-cycle", "--prompt", "-"],
        check=False,
        capture_output=True,
        input="DELIA: Café?".encode("latin-1"),
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        timeout=120,
    )
    assert done.returncode == 2
    told = done.stderr.decode()
    assert told.startswith("coldopen: ")
    assert "UTF-8" in told
    assert "Traceback" not in told
    assert not done.stdout


def in_shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """``command``, in which $coldopen is the program, with output that waits to be flushed."""
    own = {"coldopen": f"{sys.executable} -m tui.cli.main", "PYTHONUNBUFFERED": "", **environment}
    return subprocess.run(
        ["sh", "-c", command],
        check=False,
        capture_output=True,
        env={**os.environ, **own},
        timeout=120,
    )


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("$coldopen <&-", 2, b"needs a terminal"),
        ("$coldopen engine logs <&- >&-", 0, b""),
        ("$coldopen write m --top-p 7 --prompt - <&-", 2, b"--top-p"),
    ],
)
def test_a_closed_stream_is_an_empty_one(
    engine_home: Path, command: str, status: int, said: bytes
) -> None:
    done = in_shell(command)
    assert (done.returncode, done.stdout) == (status, b"")
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_nothing_is_said_where_standard_error_is_closed(engine_home: Path) -> None:
    done = in_shell("$coldopen models --json 2>&-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["models"]
    assert not done.stderr
    assert in_shell("$coldopen corpus info nowhere.txt <&- >&- 2>&-").returncode == 1


@pytest.mark.parametrize("command", ["engine logs", "engine logs --json", "--help", "nonsense"])
def test_output_that_does_not_fit_is_told(engine_home: Path, command: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    done = in_shell(f"$coldopen {command} {'--json' if command == 'nonsense' else ''} >/dev/full")
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr


def test_a_character_that_the_terminal_lacks_is_printed_as_its_escape(engine_home: Path) -> None:
    log = engine_home / "state" / "coldopen" / "engine.log"
    log.parent.mkdir(parents=True)
    log.write_text("“É”\n", encoding="utf-8")
    for encoding, shown in (
        ("ascii", b"\\u201c\\xc9\\u201d\n"),
        ("latin-1", b"\\u201c\xc9\\u201d\n"),
        ("utf-8", "“É”\n".encode()),
    ):
        done = in_shell("$coldopen engine logs", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stdout) == (0, shown), done.stderr


def test_a_log_that_cannot_be_read_is_said(engine_home: Path) -> None:
    log = engine_home / "state" / "coldopen" / "engine.log"
    log.mkdir(parents=True)
    done = coldopen("engine", "logs", "--json")
    assert done.returncode == 1
    assert str(log) in json.loads(done.stdout)["error"]
    assert done.stderr.startswith(f"coldopen: {log} cannot be used: Is a directory.")


def test_a_path_that_begins_like_nobodys_home_is_any_path(
    engine_home: Path, tmp_path: Path
) -> None:
    for command in (("corpus", "info"), ("eval", "spin-cycle")):
        done = coldopen(*command, "~$draft.txt")
        assert done.returncode == 1
        assert "~$draft.txt" in done.stderr
        assert "Traceback" not in done.stderr
    (tmp_path / "~$draft.txt").write_text("A: one two three.\nB: four five six.\n")
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", "corpus", "info", "~$draft.txt", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=150,
    )
    assert json.loads(done.stdout)["name"] == "~$draft"


def test_a_state_folder_that_cannot_be_is_said(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/x")
    done = coldopen("models")
    assert done.returncode == 1
    assert "/proc/x/coldopen" in done.stderr
    assert "Traceback" not in done.stderr
    done = coldopen("models", "--json")
    assert done.returncode == 1
    (failure,) = done.stdout.splitlines()
    assert "/proc/x/coldopen" in json.loads(failure)["error"]


DEAF = """
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.bind(sys.argv[1])
door.listen()
print("listening", flush=True)
while True:
    door.accept()[0].close()
"""


@pytest.fixture
def deaf(engine_home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process at the engine's socket that hangs up on everybody."""
    path = socket_path()
    path.parent.mkdir(parents=True, mode=0o700)
    command = [sys.executable, "-c", DEAF, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield process
        process.kill()


def test_an_engine_that_does_not_answer_is_stopped_by_force_only(
    deaf: subprocess.Popen[str],
) -> None:
    for verb in ("stop", "status"):
        done = coldopen("engine", verb)
        assert done.returncode == 1
        assert "does not answer" in done.stderr
        assert "Traceback" not in done.stderr
    assert deaf.poll() is None
    forced = coldopen("engine", "stop", "--force")
    assert forced.returncode == 0, forced.stderr
    assert "stopped" in forced.stdout
    assert deaf.wait(150) < 0
    assert coldopen("engine", "stop").stdout == "No engine is running.\n"


def test_a_wrong_command_line_ends_the_program_with_two(engine_home: Path) -> None:
    done = coldopen("write", "m", "--tokens", "1e3")
    assert done.returncode == 2
    assert "1e3" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_bundled_corpus_needs_no_path(engine_home: Path) -> None:
    (info,) = lines_of(coldopen("corpus", "info", "--json"))
    assert info["name"] == "Spin Cycle"


def test_from_corpus_to_words(engine_home: Path, tiny_corpus: Path) -> None:
    (info,) = lines_of(coldopen("corpus", "info", str(tiny_corpus), "--json"))
    assert info["speakers"][0]["name"]
    assert info["tokens"] > 2000
    events = lines_of(coldopen("train", str(tiny_corpus), "--name", "t", *SMALL, "--json"))
    assert events[-1]["event"] == "training_state_changed"
    assert events[-1]["info"]["state"] == "finished"
    assert any(event["event"] == "training_validation" for event in events)
    again = coldopen("train", str(tiny_corpus), "--name", "t", *SMALL)
    assert again.returncode == 1
    assert "already" in again.stderr
    (models,) = lines_of(coldopen("models", "--json"))
    assert "t" in [model["name"] for model in models["models"]]
    (scores,) = lines_of(coldopen("eval", "t", str(tiny_corpus), "--part", "test", "--json"))
    assert scores["perplexity"] > 1
    assert scores["bits_per_byte"] > 0
    write = ["write", "t", "--prompt", "-", "--tokens", "20", "--seed", "3"]
    streamed = lines_of(coldopen(*write, "--json", stdin="DELIA: No."))
    text = "DELIA: No." + "".join(token.get("text", "") for token in streamed)
    assert streamed[-1]["reason"] == "length"
    assert coldopen(*write, stdin="DELIA: No.").stdout == text + "\n"


def test_a_run_that_was_left_to_the_engine_can_be_stopped(
    engine_home: Path, tiny_corpus: Path
) -> None:
    sizes = ("--hidden-size", "16", "--embedding-size", "16", "--epochs", "10000")
    assert coldopen("train", str(tiny_corpus), "--name", "my n", *sizes, "--detach").returncode == 0
    deadline = time.monotonic() + 150

    def progress() -> float:
        state = json.loads(coldopen("engine", "status", "--json").stdout)["state"]
        return float(state["jobs"][0].get("progress", 0))

    while not progress():
        assert time.monotonic() < deadline
    busy = coldopen("train", str(tiny_corpus), "--name", "other")
    assert busy.returncode == 1
    assert "still training" in busy.stderr
    assert coldopen("train", "--name", "my n", "--stop", "--epochs", "3").returncode == 2
    stopped = coldopen("train", "--name", "my n", "--stop")
    assert stopped.returncode == 0
    assert "in the Library" in stopped.stdout
    assert "coldopen train --name 'my n' --resume" in stopped.stdout
    again = coldopen("train", "--name", "my n", "--stop")
    assert again.returncode == 1
    assert "already ended" in again.stderr


def test_relative_paths_and_odd_names(engine_home: Path, tmp_path: Path) -> None:
    odd = tmp_path / "-[TODO] $(x).txt"
    odd.write_text("A: one two three.\nB: four five six.\n")
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", "corpus", "info", "--json", "--", odd.name],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=150,
    )
    assert json.loads(done.stdout)["name"] == "-[TODO] $(x)"


def test_paths_open_the_app_and_words_are_commands(tmp_path: Path) -> None:
    parser = build_parser()
    assert opens_app([], parser)
    assert opens_app([str(tmp_path)], parser)
    assert not opens_app(["models"], parser)
    assert not opens_app(["--help"], parser)
    assert not opens_app([str(tmp_path / "nowhere")], parser)


def test_a_path_that_is_not_there_is_no_wrong_command(
    engine_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["nosuch.txt"]) == 2
    assert "There is no file nosuch.txt" in capfd.readouterr().err
    assert main(["nosuch"]) == 2
    assert "invalid choice" in capfd.readouterr().err


def test_the_app_gets_paths_that_the_engine_can_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, ...]] = []

    def run(paths: tuple[str, ...], *, script: Path | None) -> int:
        opened.append((*paths, str(script)))
        return 0

    monkeypatch.setattr("tui.app.run", run)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True, flush=lambda: None))
    monkeypatch.chdir(tmp_path)
    Path("my [first] script.txt").write_text("DELIA: Yes.")
    assert main(["my [first] script.txt"]) == 0
    assert main(["edit", "my [first] script.txt"]) == 0
    path = str(tmp_path / "my [first] script.txt")
    assert opened == [(path, "None"), (path,)]
    assert main(["edit", "nosuch.txt"]) == 2
    assert main(["edit", "."]) == 2
    assert len(opened) == 2


def test_every_knob_is_an_option() -> None:
    options = build_parser().parse_args(
        ["train", "x", "--name", "n", "--no-copying", "--learning-rate", "0.01", "--layers", "3"]
    )
    assert settings_from(options) == {"copying": False, "learning_rate": 0.01, "layers": 3}


def test_a_line_of_progress_survives_nan() -> None:
    from engine.protocol.values import Metrics

    line = metrics_line(
        Metrics(step=1, epoch=0.1, tokens=10, seconds=1.0, loss=None, learning_rate=0.1,
                gradient_norm=None, tokens_per_second=10.0, progress=0.5, eta_seconds=90.0)
    )  # fmt: skip
    assert "not finite" in line
    assert "1:30 left" in line


def test_banned_words_may_be_given_at_once_or_one_by_one() -> None:
    parser = build_parser()
    given = ["write", "m", "--banned", "soup, tea ,", "--banned", "hot cake"]
    assert sampler_from(parser.parse_args(given)).banned == ("soup", "tea", "hot cake")
    assert sampler_from(parser.parse_args(["write", "m"])).banned == ()
