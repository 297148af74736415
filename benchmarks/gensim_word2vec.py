"""gensim's Word2Vec on a file of tokens: the other side of benchmarks/word_vectors.py.

Runs in any Python that has gensim; needs nothing else of this project.

    python gensim_word2vec.py TOKENS OUT.npz DIMENSION WINDOW NEGATIVES EPOCHS SAMPLE SEED
"""

from __future__ import annotations

import sys
import time

import numpy as np
from gensim.models import Word2Vec


def main() -> None:
    tokens, out = sys.argv[1:3]
    dimension, window, negatives, epochs = (int(value) for value in sys.argv[3:7])
    sample, seed = float(sys.argv[7]), int(sys.argv[8])
    with open(tokens, encoding="utf-8") as source:  # noqa: PTH123
        lines = [line.split() for line in source]
    model = Word2Vec(
        vector_size=dimension,
        window=window,
        negative=negatives,
        sg=1,
        sample=sample,
        min_count=1,
        workers=2,
        epochs=epochs,
        seed=seed,
    )
    model.build_vocab(lines)
    begun = time.perf_counter()
    model.train(lines, total_examples=model.corpus_count, epochs=epochs)
    seconds = time.perf_counter() - begun
    np.savez(out, vectors=model.wv.vectors, words=np.array(model.wv.index_to_key), seconds=seconds)


if __name__ == "__main__":
    main()
