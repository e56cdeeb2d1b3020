"""`python -m peerplugin.learning`: trains the models of config/models from labelled meetings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from peerplugin.learning import artefacts, statements, threads
from peerplugin.learning.labelled import folders_in, read_labelled
from peerplugin.models import load_vocabulary
from peerplugin.settings import config_dir
from peerplugin.vocabulary import load_rules

program = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Meetings = Annotated[Path, typer.Argument(help="A folder of labelled meetings, one folder each: export.json and gold.json.")]
Out = Annotated[Path | None, typer.Option(help="Where to write; without it, where the program looks.")]
Without = Annotated[
    list[str] | None, typer.Option(help="Names of meetings to leave out: what is measured on them was not learned from them.")
]


@program.command("threads")
def learn_threads(meetings: Meetings, out: Out = None, without: Without = None) -> None:
    """What groups lines into threads: pairs.npz and joining.npz."""
    some = read_labelled(folder for folder in folders_in(meetings) if folder.name not in (without or ()))
    vocabulary = load_vocabulary(config_dir() / "models")
    with Console(stderr=True).status("Training..."):
        trainer = threads.Trainer(threads.cases(some, vocabulary))
        model = trainer.model(frozenset(meeting.name for meeting in some), vocabulary)
    artefacts.write_threads(out or config_dir() / "models", model)


@program.command("statements")
def learn_statements(meetings: Meetings, out: Out = None, without: Without = None) -> None:
    """What messages are for, and which carry something: statements.json."""
    some = read_labelled(folder for folder in folders_in(meetings) if folder.name not in (without or ()))
    target = out or config_dir() / "models"
    with Console(stderr=True).status("Training..."):
        statements.learn(some, load_rules(config_dir()), target)
    artefacts.write_sums(target)


@program.command("words")
def learn_words(
    encoder: Annotated[Path, typer.Argument(help="A folder with all-MiniLM-L6-v2: model.onnx and tokenizer.json.")],
    data: Annotated[Path, typer.Argument(help="The public sets: mts-dialog, meqsum, goemotions.")],
    out: Out = None,
) -> None:
    """Vectors for pieces of words: words.npz. All other models must be trained anew after it."""
    from peerplugin.learning import words  # SciPy's share, and the encoder: only here

    rules = load_rules(config_dir())
    known = sorted(word for word in rules.ordinary | rules.medical if word.isascii() and word.isalpha() and len(word) > 2)
    with Console(stderr=True).status("Reading, encoding, solving..."):
        words.learn_words(encoder, data, known, out or config_dir() / "models")
    artefacts.write_sums(out or config_dir() / "models")


if __name__ == "__main__":
    program()
