"""What is written is what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peerplugin.core.effects import AnyEffect
from peerplugin.core.facts import AnyFact
from peerplugin.core.record import Record
from peerplugin.store.codec import dump, load, load_effect, load_fact

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


@pytest.mark.parametrize("shape", get_args(AnyEffect))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_effect_comes_back_as_it_was(shape: type[AnyEffect], data: st.DataObject) -> None:
    effect = data.draw(st.from_type(shape))
    assert load_effect(shape.__name__, dump(effect)) == effect


@pytest.mark.parametrize("shape", get_args(AnyFact))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_fact_comes_back_as_it_was(shape: type[AnyFact], data: st.DataObject) -> None:
    fact = data.draw(st.from_type(shape))
    assert load_fact(shape.__name__, dump(fact)) == fact


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.from_type(Record))
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert load(Record, dump(record)) == record
