"""Bodies that are nested without end are refused like any other that is not valid."""

from typing import Any

import pytest
from django.test import RequestFactory

from apps.api.bodies import read_body
from apps.api.problems import InvalidBody, MalformedRequest


def read(component: str, content: str) -> Any:
    request = RequestFactory().post("/", content, content_type="application/json")
    return read_body(request, component)


@pytest.mark.parametrize("inner", ['"\\u0000"', '"a"', ""])
def test_deep_values_where_texts_belong(inner: str) -> None:
    with pytest.raises(InvalidBody):
        read("CustomerValues", f'{{"attributes": {{"legal_name": {"[" * 1000}{inner}{"]" * 1000}}}}}')


def test_a_nul_deep_inside_of_a_posted_record() -> None:
    deep = "[" * 1000 + '"\\u0000"' + "]" * 1000
    with pytest.raises(InvalidBody) as refused:
        read("Records", f'{{"layout": "a.b", "mode": "full", "records": [{{"Id": {deep}}}]}}')
    assert refused.value.status == 422


def test_a_hundred_thousand_levels_are_no_json() -> None:
    with pytest.raises(MalformedRequest):
        read("Records", "[" * 100_000)
