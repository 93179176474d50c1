"""Why two records are one or are not: exact sums, what brought them together, who may see what, old answers."""

import json

import pytest

from apps.core.errors import Invalid
from apps.golden.registry import entity
from apps.matching.models import CandidatePair, MatchRule, Verdict
from apps.matching.selectors import NothingToExplain, explain_cluster, explain_records, recall_pair
from apps.matching.services import bind_pairs
from apps.sources.landing import source_record_id
from tests.console.golden import CRM, ERP, STREET, WORKER, shared_customer, single_customer
from tests.hub import NOW, account, home_of, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def why(a: str, b: str, *, clear: bool = True, name: str = "customer", version: int | None = None):
    return explain_records(spec=entity(name), a=a, b=b, clear=clear, version=version)


def added(pair) -> float:
    return pair.prior + sum(each.contribution for each in pair.attributes) + pair.correction


def test_the_bits_of_a_pair_add_up_to_the_total_that_decided() -> None:
    shared_customer()
    told = why("salesforce:A1", "netsuite:77")
    stored = only(CandidatePair.objects.filter(status="auto"))
    assert told.pair.total == pytest.approx(added(told.pair), abs=1e-4)
    assert round(told.pair.total, 3) == stored.weight
    assert {each["attribute"]: each["weight"] for each in stored.evidence if each["level"]} == {
        each.attribute: round(each.contribution, 4) for each in told.pair.attributes if each.level
    }
    assert (told.pair.band, told.pair.together, told.pair.stored.status) == ("MATCH", True, "auto")
    assert told.pair.reasons[0].code == "one_record"
    name = next(each for each in told.pair.attributes if each.attribute == "name")
    assert name.left_raw == (CRM["Name"],) or name.right_raw == (CRM["Name"],)
    assert (name.left_compared, name.kind) == (("northwind harbour",), "equal")


def test_records_that_share_no_key_are_compared_all_the_same() -> None:
    one, other = single_customer("A2", "Quantock Advisory Ltd"), single_customer("A3", "Zephyr Mills plc")
    told = why(str(one), str(other))
    assert not told.pair.compared
    assert [each.code for each in told.pair.reasons] == ["never_compared", "evidence_against"]
    assert told.pair.total == pytest.approx(added(told.pair), abs=1e-4)
    assert not told.together


def test_a_key_held_by_more_records_than_the_cap_is_named() -> None:
    rule = MatchRule.objects.get(entity="customer", status="active")
    cap = rule.config["frequency_cap"]
    rows = [
        account(f"K{k}", f"{'abcdefghijklmnopqrstuvwxyz'[k] * 6} Works", Phone="+442079460001")
        for k in range(cap + 2)
    ]
    master("salesforce.accounts", *rows)
    told = why("salesforce:K0", "salesforce:K1")
    phone = next(each for each in told.pair.passes if each.name == "phone")
    assert (phone.shared, phone.holders, phone.over_cap) == (1, cap + 2, True)
    assert not told.pair.compared
    assert "over_cap" in {each.code for each in told.pair.reasons}


def test_what_is_missing_is_told_what_it_would_take() -> None:
    single_customer("A2", "Quantock Advisory Ltd", BillingCity="Leeds", Phone="+442079460011")
    single_customer("A3", "Quantock Advisory Group", BillingCity="Leeds")
    pair = why("salesforce:A2", "salesforce:A3").pair
    wishes = [each for each in pair.alternatives if each.attribute == "phone"]
    assert wishes
    for each in wishes:
        assert each.was_missing
        assert each.total == pytest.approx(pair.total + each.change, abs=1e-6)
        assert each.band != pair.band


def test_different_tax_numbers_veto() -> None:
    taxed = {**STREET, "Phone": "+442079460012", "Website": "quantock.example"}
    single_customer("A2", "Quantock Advisory Ltd", VAT__c="GB980780684", **taxed)
    single_customer("A3", "Quantock Advisory Ltd", VAT__c="GB123456782", **taxed)
    pair = why("salesforce:A2", "salesforce:A3").pair
    assert {each.code for each in pair.reasons} >= {"veto"}
    assert not pair.together


def test_peoples_words_come_first_and_reach_whole_golden_records() -> None:
    record, other = shared_customer(), single_customer("A3", "Zephyr Mills plc")
    pairs = [
        (source_record_id("netsuite", "customer", "77"), source_record_id("salesforce", "customer", "A3"))
    ]
    bind_pairs(entity="customer", pairs=pairs, verdict=Verdict.NEVER, reason="rivals", now=NOW)
    direct = why("netsuite:77", "salesforce:A3").pair
    assert direct.reasons[0].code == "never_match"
    assert direct.reasons[0].text.endswith(": rivals.")
    through = why("salesforce:A1", str(other)).pair
    assert through.reasons[0].code == "never_match_between_others"
    assert [each.direct for each in through.decisions] == [False]
    golden = why(str(record), str(other))
    assert {line.decision for line in golden.lines} == {"never", ""}


def test_references_by_code_key_and_redirect() -> None:
    record = shared_customer()
    other = single_customer("A3", "Zephyr Mills plc")
    by_code = why(why(str(record), str(other)).a.code, "salesforce:A3")
    assert by_code.a.golden == record
    with pytest.raises(NothingToExplain):
        why("salesforce:nobody", str(other))
    with pytest.raises(Invalid):
        why(str(record), str(record))
    with pytest.raises(Invalid):
        why(" ", str(record))


def test_a_cluster_tells_its_links_and_who_holds_whom() -> None:
    record = shared_customer()
    chained = account(
        "A5",
        "Northwind Harbour Ltd",
        Website="northwind-harbour.example",
        BillingCity="York",
        BillingCountryCode="GB",
    )
    master("salesforce.accounts", chained)
    assert home_of("salesforce", "customer", "A5") == record
    found = explain_cluster(spec=entity("customer"), reference=str(record), clear=True)
    assert len(found.members) == 3
    assert len(found.edges) == 2
    weights = [each.line.weight for each in found.edges]
    assert weights == sorted(weights, reverse=True)
    assert found.weakest == found.edges[-1]
    assert found.anew == (tuple(sorted(("netsuite:77", "salesforce:A1", "salesforce:A5"))),)
    assert explain_cluster(spec=entity("customer"), reference="netsuite:77", clear=True).record_id == record


def test_those_who_may_not_see_personal_values_learn_nothing_of_them() -> None:
    twin = {**WORKER, "Employee_ID": "W2", "Work_Email": "someone.else@firm.example"}
    master("workday.workers", WORKER)
    master("workday.workers", twin)
    seen = why("workday:W1", "workday:W2", name="resource").pair
    blind = why("workday:W1", "workday:W2", name="resource", clear=False)
    text = json.dumps(str(blind)).casefold()
    for secret in ("quartermaine", "ophelia", "firm.example", "7946"):
        assert secret not in text
    hidden = [each for each in blind.pair.attributes if each.masked]
    assert {"name", "email", "phone"} <= {each.attribute for each in hidden}
    for each in hidden:
        assert (each.level, each.similarity, each.contribution, each.left, each.left_raw) == (
            None,
            None,
            None,
            (),
            (),
        )
    assert (blind.pair.total, blind.pair.probability, blind.pair.alternatives) == (None, None, ())
    assert blind.pair.band == seen.band
    assert not [each for each in blind.pair.passes if "email" in each.name or "name" in each.name]
    assert all(line.weight is None for line in blind.lines)


def test_an_old_answer_is_reproduced_to_the_bit_after_the_model_changed() -> None:
    shared_customer()
    pair = only(CandidatePair.objects.filter(status="auto"))
    rule = MatchRule.objects.get(entity="customer", status="active")
    model = json.loads(json.dumps(rule.model))
    model["attributes"]["domain"]["scale"] = 0.5
    MatchRule.objects.filter(pk=rule.pk).update(status="retired")
    MatchRule.objects.create(
        entity="customer", version=rule.version + 1, config=rule.config, model=model, status="active",
        created_by="t", created_at=NOW, activated_at=NOW,
    )  # fmt: skip
    master(
        "netsuite.customers",
        {**ERP, "companyName": "Something Else Entirely", "lastModifiedDate": "2026-03-02T00:00:00Z"},
    )
    told = recall_pair(spec=entity("customer"), pair_id=pair.pk, clear=True, at=pair.found_at)
    assert told.reproduced
    assert round(told.then.total, 3) == pair.weight
    assert (told.then.rule_version, told.now.rule_version) == (rule.version, rule.version + 1)
    assert told.changed == ("domain",)
    before, after = (
        next(each.contribution for each in side.attributes if each.attribute == "domain")
        for side in (told.then, told.now)
    )
    assert after == pytest.approx(before / 2, abs=1e-5)
    assert told.now.total == pytest.approx(told.then.total - before / 2, abs=1e-4)
