"""Thinks about one meeting: where the service runs this in a process of its own, models and their libraries are loaded there alone.

Nothing is imported here before it is needed: the service's own process knows this module, and stays small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from peerplugin.core.model import Outcome, Transcript
from peerplugin.core.rules import Rules


def think(transcript: Transcript, rules: Rules, models: Path) -> Outcome:
    """Threads and drafts of a transcript. `models`: the folder with what was learned. MistakeError where one of them cannot be read."""
    from peerplugin.core.draft import compose
    from peerplugin.models import load_learned, load_thread_model

    return compose(transcript, replace(rules, learned=load_learned(models)), load_thread_model(models))
