# `make run` and `make test` work on a machine with only Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: run install test check format bench bench-gpu bench-vectors pretrained clean help

help:            ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

run: install     ## open the app on the bundled corpus
	@$(BIN)/coldopen

install: $(STAMP) ## set up .venv with coldopen in it

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# Two at a time, a file each: much of it is waiting for an engine to start or a run to end.
test: install    ## run the whole test suite
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: install   ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install  ## rewrite the sources in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install   ## print the benchmarks' tables; CORPUS=path names a corpus of your own
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.arithmetic
	$(BIN)/python -m benchmarks.generation_speed
	$(BIN)/python -m benchmarks.language_models $(or $(CORPUS),assets/corpus) --kneser-ney

bench-gpu: install ## what a CUDA card brings; CORPUS=path names a corpus of your own
	$(BIN)/python -m benchmarks.gpu $(or $(CORPUS),assets/corpus)

bench-vectors: install $(VENV)-gensim ## word vectors beside gensim's; CORPUS=path names a corpus of your own
	$(BIN)/python -m benchmarks.word_vectors $(or $(CORPUS),assets/corpus) \
	  --gensim-python $(VENV)-gensim/bin/python

$(VENV)-gensim: # an environment of its own, since its numpy may be another
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check gensim || { rm -rf $@; exit 1; }

pretrained: install ## train the bundled models again, into assets/pretrained
	$(BIN)/python -m assets.make_pretrained

clean:           ## remove the environment and caches
	rm -rf $(VENV) $(VENV)-gensim build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
