"""Screens about matching: explain two records, what holds a golden record, patterns decided and undone, teaching."""

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.roles import Role
from apps.golden.registry import entity
from apps.matching.models import CandidatePair, MatchRule, PatternDecision, TrainingReport
from apps.matching.selectors import any_rule
from apps.matching.services import take_snapshot
from tests.console.golden import WORKER, counting_statements, shared_customer, single_customer
from tests.console.signing import page, signed_in
from tests.hub import NOW, home_of, live, master, only, seed
from tests.matching.test_patterns import SIGNATURE, open_pairs
from tests.matching.test_teaching import labelled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def test_two_records_are_explained_with_picture_table_and_words() -> None:
    shared_customer()
    client = signed_in(Role.VIEWER)
    answer = client.get(
        reverse("admin:explain"), {"entity": "customer", "a": "salesforce:A1", "b": "netsuite:77"}
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "hub-evidence" in html
    assert "Both belong to CUS-" in html
    assert "sent: NORTHWIND HARBOUR LIMITED" in html
    assert "Blocking keys" in html
    assert "northwind harbour" not in answer.context["pair"].reasons[0].text


def test_what_is_not_found_is_searched_by_name() -> None:
    record = shared_customer()
    client = signed_in(Role.STEWARD)
    answer = client.get(
        reverse("admin:explain"), {"entity": "customer", "a": "northwind harb", "b": "nobody"}
    )
    assert [each.id for each in answer.context["offers_a"]] == [record]
    assert answer.context["offers_b"] == []
    assert "Did you mean" in answer.content.decode()


def test_people_are_not_drawn_for_viewers() -> None:
    master("workday.workers", WORKER, {**WORKER, "Employee_ID": "W2", "Work_Email": "o.q@firm.example"})
    asked = {"entity": "resource", "a": "workday:W1", "b": "workday:W2"}
    blind = signed_in(Role.VIEWER).get(reverse("admin:explain"), asked).content.decode()
    assert "hub-evidence" not in blind
    assert "uartermaine" not in blind
    assert "hub-evidence" in signed_in(Role.STEWARD).get(reverse("admin:explain"), asked).content.decode()


def test_nobody_finds_out_how_alike_hidden_values_are_by_asking_for_a_score() -> None:
    master("workday.workers", WORKER, {**WORKER, "Employee_ID": "W2", "Work_Email": "o.q@firm.example"})
    rule = any_rule(MatchRule.objects.get(entity="resource", status="active").pk)
    take_snapshot(spec=entity("resource"), rule=rule, now=NOW)
    asked = {"entity": "resource", "low": "-60", "high": "60"}
    seen, blind = (
        signed_in(role).get(reverse("admin:studio"), asked).content.decode()
        for role in (Role.STEWARD, Role.VIEWER)
    )
    assert "workday W2" in seen
    assert "workday W2" not in blind
    assert "would tell personal values" in blind


def test_the_members_tab_tells_what_holds_the_record() -> None:
    record = shared_customer()
    client = signed_in(Role.VIEWER)
    tab = client.get(reverse("admin:golden_record", args=("customer", record)), {"tab": "members"})
    links = reverse("admin:golden_links", args=("customer", record))
    assert f'hx-get="{links}"' in tab.content.decode()
    html = page(client, "golden_links", "customer", record)
    assert "netsuite:77" in html
    assert "hub-evidence" in html
    assert "cannot be spared" in html


def test_a_pattern_is_looked_at_decided_and_undone_on_screen() -> None:
    pairs = open_pairs(3)
    client = signed_in(Role.STEWARD)
    assert "Look at a sample" in page(client, "patterns")
    address = f"{reverse('admin:pattern')}?{urlencode({'entity': 'customer', 'signature': SIGNATURE})}"
    html = client.get(address).content.decode()
    assert html.count('name="agrees"') == 3
    ids = [str(pair.pk) for pair in pairs]
    asked = {"act": "decide", "verdict": "match", "reason": "one group", "shown": ids}
    refused = client.post(address, {**asked, "agrees": ids[:2]}, follow=True).content.decode()
    assert "not clean" in refused
    assert not PatternDecision.objects.exists()
    done = client.post(address, {**asked, "agrees": ids}, follow=True)
    decision = only(PatternDecision.objects.all())
    assert (decision.status, decision.pairs, decision.decided_by) == ("done", 3, "the-steward")
    assert done.redirect_chain[-1][0] == reverse("admin:pattern_decision", args=(decision.pk,))
    assert home_of("salesforce", "customer", "L0") == home_of("salesforce", "customer", "R0")
    client.post(
        reverse("admin:pattern_decision", args=(decision.pk,)), {"act": "undo", "reason": "no"}, follow=True
    )
    decision.refresh_from_db()
    assert decision.status == "undone"
    assert len(live("customer")) == 6
    assert set(CandidatePair.objects.values_list("status", flat=True)) == {"open"}


def test_patterns_are_for_those_who_decide() -> None:
    client = signed_in(Role.VIEWER)
    for name in ("patterns", "pattern", "teaching"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403


def test_a_pattern_page_costs_the_same_for_few_pairs_and_many() -> None:
    client = signed_in(Role.STEWARD)
    address = f"{reverse('admin:pattern')}?{urlencode({'entity': 'customer', 'signature': SIGNATURE})}"
    spent = []
    for count in (6, 8):
        CandidatePair.objects.all().delete()
        open_pairs(count)
        client.get(address)
        with counting_statements() as sent:
            client.get(address)
        spent.append(len(sent))
    assert spent[0] == spent[1]


def test_teaching_tells_what_is_missing_then_retrains_with_one_click() -> None:
    client = signed_in(Role.STEWARD)
    assert "Decide 20 more pairs" in page(client, "teaching")
    single_customer()
    labelled(12, 12)
    asked = {"act": "retrain", "entity": "customer", "note": "spring"}
    html = client.post(reverse("admin:teaching"), asked, follow=True).content.decode()
    draft = MatchRule.objects.get(entity="customer", status="draft")
    assert draft.note == "spring"
    assert "has learned" in html
    assert "Learning curve" in html
    assert only(TrainingReport.objects.all()).rule == draft
