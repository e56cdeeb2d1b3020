"""Distils a sentence encoder into vectors for pieces of words: their weighted mean lies near what the encoder says of a sentence.

The encoder is all-MiniLM-L6-v2 as ONNX with its tokenizer; the sentences come from public sets (see config/models/ATTRIBUTION.md). The vectors solve a
ridge regression from pieces to encodings, with what the encoder says of a word alone as the prior."""

from __future__ import annotations

import csv
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from peerplugin.core.forest import Floats
from peerplugin.core.meaning import COMMON, Vocabulary, plain_word
from peerplugin.errors import MistakeError
from peerplugin.learning.artefacts import write_arrays

WIDTH = 96
SENTENCES, CHAT = 26_000, 14_000
RIDGE, PRIOR, WORD_WEIGHT, STEPS = 0.3, 0.8, 0.3, 40
LENGTH = (3, 45)
"""Sentences of so many words are learned from."""
_PIECE = re.compile(r"(##)?[a-z0-9]+")
_END = re.compile(r"(?<=[.!?])\s+")


def learn_words(encoder: Path, data: Path, words: Sequence[str], out: Path) -> None:
    """Writes `words.npz`. `encoder`: a folder with model.onnx and tokenizer.json; `data`: the public sets; `words`: also to be known by themselves."""
    chat = [line.split("\t")[0] for line in _read(data / "goemotions" / "train.tsv").splitlines()]
    sentences = sorted({*_medical(data), *_some(chat, CHAT)})
    random.Random(0).shuffle(sentences)  # noqa: S311 - a draw that can be repeated
    sentences = sentences[:SENTENCES]
    held: dict[str, int] = json.loads(_read(encoder / "tokenizer.json"))["model"]["vocab"]
    names = [name for name, _ in sorted(held.items(), key=lambda item: item[1]) if _PIECE.fullmatch(name)]
    known = Vocabulary({name: k for k, name in enumerate(names)}, np.zeros((len(names), 1)), np.zeros(len(names)))
    alone = sorted({name for name in names if re.fullmatch(r"[a-z]{2,}", name)} | set(words))
    texts = [*sentences, *alone]
    encoded = encode(texts, encoder)
    vectors = narrowed(_regression(texts, encoded - encoded.mean(0), len(sentences), known))
    scale = np.abs(vectors).max(1, keepdims=True) / 127
    scale[scale == 0] = 1
    write_arrays(
        out / "words.npz", names=np.frombuffer("\n".join(names).encode(), np.uint8), vectors=np.round(vectors / scale).astype(np.int8),
        scale=scale.astype(np.float16), rarity=_rarity(chat, known).astype(np.float16),
    )  # fmt: skip


def encode(texts: Sequence[str], encoder: Path) -> Floats:
    """(texts, 384) mean-pooled, of length one; in batches of like length. Needs onnxruntime and tokenizers."""
    import onnxruntime  # heavy, and only here
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.enable_truncation(128)
    tokenizer.no_padding()
    session = onnxruntime.InferenceSession(str(encoder / "model.onnx"), providers=["CPUExecutionProvider"])
    wanted = [given.name for given in session.get_inputs()]
    codes = [tokenizer.encode(text or " ").ids for text in texts]
    order = sorted(range(len(texts)), key=lambda k: (len(codes[k]), k))
    rows: dict[int, Floats] = {}
    for batch in (order[start : start + 32] for start in range(0, len(order), 32)):
        ids = np.zeros((len(batch), max(len(codes[k]) for k in batch)), np.int64)
        mask = np.zeros_like(ids)
        for row, k in enumerate(batch):
            ids[row, : len(codes[k])], mask[row, : len(codes[k])] = codes[k], 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        result = session.run(None, {name: feed[name] for name in wanted})[0]
        if result.ndim == 3:
            result = (result * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        rows |= dict(zip(batch, result, strict=True))
    found = np.array([rows[k] for k in range(len(texts))], np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def _regression(texts: Sequence[str], wanted: Floats, sentences: int, known: Vocabulary) -> Floats:
    """(pieces, 384) by conjugate gradients."""
    split = [[p for word in text.lower().split() for p in known.split(plain_word(word))] for text in texts]
    rows = [k for k, pieces in enumerate(split) for _ in pieces]
    columns = [p for pieces in split for p in pieces]
    shares = [1 / len(pieces) for pieces in split for _ in pieces]
    table = sparse.csr_matrix((shares, (rows, columns)), shape=(len(texts), len(known.pieces)), dtype=np.float32)
    start = np.zeros((len(known.pieces), wanted.shape[1]), np.float32)
    for k in range(sentences, len(texts)):
        if len(split[k]) == 1:
            start[split[k][0]] = PRIOR * wanted[k]
    weight = np.where(np.arange(len(texts)) < sentences, 1.0, WORD_WEIGHT).astype(np.float32)
    root = np.sqrt(weight)
    left = sparse.diags(root) @ table
    found = np.zeros_like(start)
    rest = left.T @ (root[:, None] * wanted - left @ start)
    step, size = rest.copy(), (rest * rest).sum(0)
    for _ in range(STEPS):
        image = left.T @ (left @ step) + RIDGE * step
        pace = size / ((step * image).sum(0) + 1e-12)
        found += pace * step
        rest -= pace * image
        before, size = size, (rest * rest).sum(0)
        step = rest + (size / (before + 1e-12)) * step
    return np.asarray(start + found, np.float32)


def narrowed(vectors: Floats) -> Floats:
    """(pieces, WIDTH): the principal directions."""
    used = vectors[np.abs(vectors).sum(1) > 0]
    return np.asarray(vectors @ np.linalg.svd(used, full_matrices=False)[2][:WIDTH].T)


def _rarity(chat: Iterable[str], known: Vocabulary) -> Floats:
    seen: Counter[int] = Counter()
    lines = 0
    for text in chat:
        seen.update({p for word in text.lower().split() for p in known.split(plain_word(word))})
        lines += 1
    counts = np.array([seen[k] for k in range(len(known.pieces))])
    return np.asarray(np.maximum(0, np.log((lines + 1) / (counts + 1)) - COMMON))


def _medical(data: Path) -> Iterator[str]:
    """Sentences of doctors' and patients' talk, and of health questions."""
    for name in ("MTS-Dialog-TrainingSet.csv", "MTS-Dialog-ValidationSet.csv"):
        for row in csv.DictReader(_read(data / "mts-dialog" / name).splitlines(keepends=True)):
            turns = (re.sub(r"^(Doctor|Patient|Guest\w*)\s*:\s*", "", turn).strip() for turn in row["dialogue"].splitlines())
            yield from _some((*turns, *_END.split(row["section_text"])))
    book = next((data / "meqsum").glob("*.xlsx"), None)
    if book is None:
        raise MistakeError(f"{data / 'meqsum'}: the questions are missing.")
    with zipfile.ZipFile(book) as sheets:
        shared = sheets.read("xl/sharedStrings.xml").decode()
    for text in re.findall(r"<t[^>]*>(.*?)</t>", shared, re.DOTALL):
        yield from _some(_END.split(re.sub(r"&\w+;", " ", text)))


def _some(texts: Iterable[str], most: int | None = None) -> list[str]:
    least, longest = LENGTH
    return [text for text in texts if least <= len(text.split()) <= longest][:most]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(f"{file} cannot be read ({type(error).__name__}).") from error
