"""Reference data on screen: unmapped values with suggestions, mapping, closing; only rule editors act."""

import pytest

from apps.accounts.roles import Role
from apps.pipeline.services import run_pending
from apps.quality.models import Code, CodeList, CodeMapping
from apps.quality.services import save_code
from tests.console.signing import page, press, signed_in, told
from tests.hub import NOW, document_of, home_of, master, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _advisory() -> None:
    seed()
    save_code(list_name="service_line", code="ADV", title="Advisory services", now=NOW)
    master(
        "salesforce.opportunities",
        {
            "Id": "O1", "Name": "Roll-out", "Amount": "1000", "CurrencyIsoCode": "EUR", "IsWon": True,
            "StageName": "Closed Won", "Service_Line__c": "Advisory svcs",
            "SystemModstamp": "2026-01-05T00:00:00Z",
        },
    )  # fmt: skip


def test_the_lists_tell_what_is_not_mapped() -> None:
    html = page(signed_in(Role.VIEWER), "code_lists")

    assert "1 value in 1 record" in html
    assert html.index("Countries") < html.index("Service lines")


def test_a_suggestion_is_taken_with_one_click() -> None:
    steward = signed_in(Role.STEWARD)
    html = page(steward, "code_list", "service_line")
    assert "Advisory svcs" in html
    assert 'value="ADV" title="Advisory services' in html

    form = {
        "act": "map",
        "system": "salesforce",
        "external": "Advisory svcs",
        "code": "ADV",
        "direction": "in",
    }
    [said] = told(steward, "code_list", "service_line", **form)
    run_pending()

    assert said == "“Advisory svcs” of salesforce is ADV from now on."
    assert document_of(home_of("salesforce", "engagement", "O1"))["service_line"] == "ADV"
    mapping = CodeMapping.objects.get()
    assert (mapping.inbound, mapping.outbound) == (True, False)
    assert "Not mapped yet" not in page(steward, "code_list", "service_line")

    told(steward, "code_list", "service_line", act="unmap", mapping=mapping.pk)
    assert not CodeMapping.objects.exists()


def test_closing_says_what_it_does_and_a_standard_cannot_be_closed() -> None:
    steward = signed_in(Role.STEWARD)

    [said] = told(steward, "code_list", "service_line", act="close", reason="clean")
    assert "held back" in said
    assert CodeList.objects.get(pk="service_line").closed
    run_pending()
    assert "1 records are held" in page(steward, "code_list", "service_line")
    [said] = told(steward, "code_list", "currency", act="close", reason="clean")
    assert "a standard says what is valid" in said


def test_a_value_becomes_a_code_itself() -> None:
    told(signed_in(Role.STEWARD), "code_list", "service_line", act="adopt", value="Advisory svcs")

    assert Code.objects.filter(list_id="service_line", code="Advisory svcs").exists()


def test_a_viewer_changes_nothing() -> None:
    answer = press(signed_in(Role.VIEWER), "code_list", "service_line", act="adopt", value="Advisory svcs")

    assert answer.status_code == 403
    assert Code.objects.filter(list_id="service_line").count() == 1
