"""Laws every standardizer keeps: never raises, leaves its own results alone, storable, quick on anything."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.quality.contracts import NOWHERE, Near, Standardized
from apps.quality.registry import owned_columns, standardizers

SCALARS = sorted(set(standardizers.names()) - set(owned_columns.names()))
ITEMS = sorted(owned_columns.names())
COLUMNS = ("line1", "line2", "city", "region", "postcode", "country", "kind", "scheme", "value")

# Pieces real cells are made of, and pieces that break parsers.
PIECES = (
    *"0 1 5 12 31 99 2026 1,234 .50 , . - ( ) / : ; + # % & @ ' \" _ £ € $ kr GBP EUR x X N/A null NaN 1e9 e-5".split(),
    *"Jan february acme Acme ACME LTD Ltd plc GmbH & Co KG Müller O'Neill McDonald van der DE GB IE NO CHE 00".split(),
    *"ext 12 @acme.com www. https:// .co.uk gmail.com &amp; &#8203; &lt; Ã© â€™ SW1A 1AA net 30 days EOM 62.01".split(),
    *("\u200b", "\u202e", "\ufeff", "\0", "\u00a0", "\ud800", "\u0301", "\u0430", "\u0130", "\ufb03", "\ufdfa", "\u00df"),
    *("\n", "\t", " ", "  ", "\u2028", "\u3000", "李", "ı", "ǆ", "٣", "１", "½", "\u0345", "\u1e9e", "\ufffd", "\U000e0041"),
)
texts = st.one_of(
    st.text(st.characters(), max_size=30),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
nears = st.builds(
    Near,
    country=st.sampled_from((None, "GB", "US", "DE", "SE", "CH")),
    date_order=st.sampled_from((None, "dmy", "mdy")),
    decimal_mark=st.sampled_from((None, ",", ".")),
    choices=st.sampled_from(((), ("part_paid", "paid", "x"))),
)
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without_layout(near: Near) -> Near:
    """Canonical values need no hints of a file's layout: they are read the same everywhere."""
    return Near(country=near.country, choices=near.choices)


def storable(result: Standardized) -> None:
    packed = orjson.dumps([result.value, [issue.as_dict() for issue in result.issues]])
    assert b"\\u0000" not in packed


@pytest.mark.parametrize("name", SCALARS)
@quick
@given(value=texts | anything, near=nears)
def test_standardizing_twice_is_standardizing_once(name: str, value: Any, near: Near) -> None:
    standardize = standardizers.get(name)
    once = standardize(value, near)
    storable(once)
    assert standardize(once.value, without_layout(near)).value == once.value


@pytest.mark.parametrize("name", ITEMS)
@quick
@given(item=st.dictionaries(st.sampled_from(COLUMNS), texts, max_size=7) | anything, near=nears)
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


@pytest.mark.parametrize("shape", HUGE)
@pytest.mark.parametrize("name", SCALARS)
def test_no_text_takes_long(name: str, shape: str) -> None:
    started = time.process_time()
    result = standardizers.get(name)(HUGE[shape], Near(country="GB"))
    assert time.process_time() - started < 2.0
    storable(result)


@pytest.mark.parametrize("shape", HUGE)
@pytest.mark.parametrize("name", ITEMS)
def test_no_item_takes_long(name: str, shape: str) -> None:
    started = time.process_time()
    standardizers.get(name)(dict.fromkeys(COLUMNS, HUGE[shape]), NOWHERE)
    assert time.process_time() - started < 2.0
