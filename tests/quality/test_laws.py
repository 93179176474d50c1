"""Laws every standardizer keeps: never raises, leaves its own results alone, storable, quick on anything."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.quality.contracts import NOWHERE, Near, Standardized
from apps.quality.registry import owned_columns, standardizers
from tests.quality.strategies import anything, nears, texts

SCALARS = sorted(set(standardizers.names()) - set(owned_columns.names()))
ITEMS = sorted(owned_columns.names())
COLUMNS = ("line1", "line2", "city", "region", "postcode", "country", "kind", "scheme", "value")

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without_layout(near: Near) -> Near:
    """Canonical values need no hints of a file's layout: they are read the same everywhere."""
    return Near(country=near.country, choices=near.choices)


def storable(result: Standardized) -> None:
    packed = orjson.dumps([result.value, [issue.as_dict() for issue in result.issues]])
    assert b"\\u0000" not in packed


@pytest.mark.parametrize("name", SCALARS)
@quick
@given(value=texts | anything, near=nears)
@example(value="_NA", near=NOWHERE)
def test_standardizing_twice_is_standardizing_once(name: str, value: Any, near: Near) -> None:
    standardize = standardizers.get(name)
    once = standardize(value, near)
    storable(once)
    assert standardize(once.value, without_layout(near)).value == once.value


@pytest.mark.parametrize("name", ITEMS)
@quick
@given(item=st.dictionaries(st.sampled_from(COLUMNS), texts, max_size=7) | anything, near=nears)
@example(item={"city": "0 ı"}, near=NOWHERE)
def test_items_standardize_twice_to_the_same(name: str, item: Any, near: Near) -> None:
    standardize = standardizers.get(name)
    once = standardize(item, near)
    if isinstance(item, dict) and not set(item) - set(COLUMNS[:6]):
        storable(once)
    assert standardize(once.value, without_layout(near)).value == once.value


HUGE = {
    "letters": "a" * 100_000,
    "digits": "1" * 19_000,
    "groups": "1," * 9_000,
    "brackets": "(" * 19_000,
    "blanks": "a " * 9_000 + "\t" * 1_000,
    "entities": "&" + "amp;" * 4_900,
    "mails": "a@" * 9_000,
    "dots": "a." * 9_000,
    "dashes": "a-" * 9_000,
    "combining": "e" + "\u0301" * 15_000,
    "ligatures": "\ufdfa" * 10_000,
    "mojibake": "Ã\u0083" * 9_000,
    "quotes": "'" * 19_000,
    "slashes": "1/" * 9_000,
    "surrogates": "\ud800" * 19_000,
    "names": "van der " * 2_000,
    "short": "x" * 200,
}


@pytest.mark.parametrize("name", SCALARS)
def test_no_text_takes_long(name: str) -> None:
    for shape, text in HUGE.items():
        started = time.process_time()
        result = standardizers.get(name)(text, Near(country="GB"))
        assert time.process_time() - started < 2.0, shape
        storable(result)


@pytest.mark.parametrize("name", ITEMS)
def test_no_item_takes_long(name: str) -> None:
    for shape, text in HUGE.items():
        started = time.process_time()
        standardizers.get(name)(dict.fromkeys(COLUMNS, text), NOWHERE)
        assert time.process_time() - started < 2.0, shape
