"""Reference data: what systems write becomes canonical codes and goes back in their words; unmapped is held alone."""

from datetime import date, timedelta

import pytest

from apps.golden.registry import entity
from apps.pipeline.services import run_pending
from apps.quality.models import Code, CodeList, CodeMapping, StandardRecord
from apps.quality.selectors import active_codes, to_system, unmapped_values
from apps.quality.services import (
    InvalidCode,
    adopt_values,
    map_value,
    save_code,
    save_list,
    turn_codes,
    unmap_value,
)
from tests.hub import NOW, document_of, home_of, master, seed

pytestmark = pytest.mark.django_db
DAY = NOW.date()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def opportunity(key: str, line: str) -> dict[str, object]:
    return {
        "Id": key, "Name": f"Roll-out {key}", "Amount": "1000", "CurrencyIsoCode": "EUR", "IsWon": True,
        "StageName": "Closed Won", "Contract_Number__c": f"CT-{key}", "Service_Line__c": line,
        "SystemModstamp": "2026-01-05T00:00:00Z",
    }  # fmt: skip


def line_of(key: str) -> str | None:
    value: str | None = document_of(home_of("salesforce", "engagement", key)).get("service_line")
    return value


def save(code: str, title: str = "", **more: date) -> Code:
    return save_code(list_name="service_line", code=code, title=title or code, now=NOW, **more)


def map_crm(external: str, code: str, **more: object) -> None:
    map_value(list_name="service_line", system="salesforce", external=external, code=code, now=NOW, **more)  # type: ignore[arg-type]  # a test's shorthand


def test_an_open_list_without_codes_asks_nothing() -> None:
    master("salesforce.opportunities", opportunity("O1", "Advisory"))

    assert line_of("O1") == "Advisory"
    assert [i for i in StandardRecord.objects.get().issues if i["code"] == "code.unmapped"] == []
    [found] = unmapped_values("service_line")
    assert (found.system, found.value, found.records, found.places) == (
        "salesforce", "Advisory", 1, ("engagement.service_line",),
    )  # fmt: skip


def test_values_in_items_are_found_too() -> None:
    invoice = {
        "id": "9",
        "tranId": "INV-9",
        "item": {"items": [{"line": 1, "taxCode": {"refName": "VAT20"}, "amount": "1"}]},
    }
    master("netsuite.invoices", invoice)

    [found] = unmapped_values("tax_code")
    assert (found.value, found.places) == ("VAT20", ("invoice.lines.tax_code",))


def test_what_a_system_writes_becomes_the_code_and_records_follow_a_new_map() -> None:
    save("ADV", "Advisory services")
    master("salesforce.opportunities", opportunity("O1", "Advisory svcs"), opportunity("O2", "adv"))
    assert (line_of("O1"), line_of("O2")) == ("Advisory svcs", "ADV")
    [unmapped] = unmapped_values("service_line")
    assert (unmapped.system, unmapped.value, unmapped.records, unmapped.held) == (
        "salesforce", "Advisory svcs", 1, False,
    )  # fmt: skip
    assert unmapped.places == ("engagement.service_line",)
    assert [each.code for each in unmapped.suggestions] == ["ADV"]

    map_crm("advisory  SVCS", "ADV")
    run_pending()

    assert line_of("O1") == "ADV"
    assert unmapped_values("service_line") == []


def test_a_closed_list_holds_that_attribute_only() -> None:
    save("ADV")
    save_list(name="service_line", closed=True, reason="clean now", now=NOW)
    master("salesforce.opportunities", opportunity("O1", "Mystery"))

    document = document_of(home_of("salesforce", "engagement", "O1"))
    assert "service_line" not in document
    assert (document["name"], document["currency"]) == ("Roll-out O1", "EUR")
    [issue] = [i for i in StandardRecord.objects.get().issues if i["code"] == "code.unmapped"]
    assert (issue["attribute"], issue["severity"], issue["value"]) == ("service_line", "downgrade", "Mystery")

    map_crm("Mystery", "ADV")
    run_pending()
    assert line_of("O1") == "ADV"


def test_a_standard_list_knows_what_systems_call_its_codes() -> None:
    save_code(list_name="currency", code="GBP", title="Pound", now=NOW)
    map_value(list_name="currency", system="salesforce", external="Quid", code="GBP", now=NOW)
    master("salesforce.opportunities", {**opportunity("O1", "x"), "CurrencyIsoCode": "Quid"})

    assert document_of(home_of("salesforce", "engagement", "O1"))["currency"] == "GBP"


def test_items_are_translated_too_and_the_words_of_one_system_are_its_own() -> None:
    save_code(list_name="tax_code", code="FR20", title="20 %", now=NOW)
    map_value(list_name="tax_code", system="netsuite", external="TVA-20", code="FR20", now=NOW, outbound=True)
    codes, spec = active_codes(DAY), entity("invoice")
    golden = {"lines": [{"number": 1, "tax_code": "FR20"}, {"number": 2, "tax_code": "FR5"}, {"number": 3}]}

    assert to_system(codes, spec, "netsuite", golden) == (
        {
            "lines": [
                {"number": 1, "tax_code": "TVA-20"},
                {"number": 2, "tax_code": None},
                {"number": 3},
            ]
        },
        ["lines.tax_code"],
    )
    assert to_system(codes, spec, "salesforce", golden) == (golden, [])


def test_maps_hold_on_their_days() -> None:
    save("OLD")
    save("NEW", valid_from=date(2026, 1, 1))
    map_crm("Consulting", "OLD", valid_to=date(2025, 12, 31))
    map_crm("Consulting", "NEW", valid_from=date(2026, 1, 1))

    def meant(day: date) -> str | None:
        return active_codes(day)["service_line"].inbound.get(("salesforce", "consulting"))

    assert meant(date(2025, 6, 1)) == "OLD"
    assert meant(date(2026, 6, 1)) == "NEW"
    assert "new" not in active_codes(date(2025, 6, 1))["service_line"].codes


def test_values_found_become_codes_in_their_most_usual_spelling() -> None:
    save("ADV")
    rows = [opportunity(f"O{n}", line) for n, line in enumerate(["Audit", "Audit", "AUDIT", "Tax"])]
    master("salesforce.opportunities", *rows)

    assert adopt_values(list_name="service_line", values=["audit", "never seen"], now=NOW) == 1
    run_pending()

    assert sorted(CodeList.objects.get(pk="service_line").codes.values_list("code", flat=True)) == [
        "ADV",
        "Audit",
    ]
    assert {line_of(f"O{n}") for n in range(3)} == {"Audit"}
    assert [each.value for each in unmapped_values("service_line")] == ["Tax"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda: map_crm("x", "NOPE"), "no code 'NOPE'"),
        (lambda: save_list(name="service_line", closed=True, reason="", now=NOW), "no codes yet"),
        (lambda: save_list(name="country", closed=True, reason="", now=NOW), "standard"),
        (lambda: unmap_value(mapping_id=0, now=NOW), "gone already"),
        (lambda: save("A", valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)), "ends before"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(fault: object, said: str) -> None:
    with pytest.raises(InvalidCode) as error:
        fault()  # type: ignore[operator]  # a callable of the table above

    assert said in error.value.detail


def test_one_text_is_sent_for_a_code() -> None:
    save("ADV")
    map_crm("Advisory", "ADV", outbound=True)

    with pytest.raises(InvalidCode, match="another text"):
        map_crm("Advice", "ADV", outbound=True)
    assert Code.objects.filter(code="ADV").exists()  # the transaction is still usable


def test_a_change_with_an_older_number_than_one_that_is_known_counts() -> None:
    save("consulting")
    map_crm("Advisory", "consulting")
    assert active_codes(DAY)["service_line"].inbound == {("salesforce", "advisory"): "consulting"}
    # What another transaction wrote before and committed after: its number is older than the newest one known.
    map_crm("Beratung", "consulting")
    newest = CodeMapping.history.latest("history_id")
    CodeMapping.history.filter(pk=newest.pk).update(history_id=-1)

    assert ("salesforce", "beratung") in active_codes(DAY)["service_line"].inbound


def test_a_code_that_begins_reaches_records_on_its_day() -> None:
    save("OLD")
    save("NEW")
    map_crm("Consulting", "OLD", valid_to=DAY)
    map_crm("Consulting", "NEW", valid_from=DAY + timedelta(days=1))
    assert turn_codes(now=NOW) == []
    run_pending()

    assert turn_codes(now=NOW + timedelta(hours=1)) == []
    assert turn_codes(now=NOW + timedelta(days=3)) == ["service_line"]
    assert turn_codes(now=NOW + timedelta(days=4)) == []
