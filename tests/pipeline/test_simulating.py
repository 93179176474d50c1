"""Simulations: what they tell is what then happens, nothing is written, and a roll back gives the same bytes back."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from rich.console import Console

from apps.core.json import dumps, loads
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.golden.registry import entities, entity
from apps.mastering.services import draft_ownership
from apps.matching.models import CandidatePair, ComparedPair, MatchRule
from apps.matching.selectors import any_rule
from apps.matching.services import draft_match_rule, former_match_rule, take_snapshot
from apps.pipeline.models import Simulation
from apps.pipeline.services import (
    apply_match_rule,
    rematch_entity,
    roll_back_match_rule,
    run_pending,
    work_on_rematch,
)
from apps.pipeline.simulating import (
    SimulationReport,
    is_stale,
    report_of,
    run_simulation,
    simulate_rules,
    start_simulation,
)
from apps.sources.models import Crosswalk
from mdm.demo import generate, write_extracts
from mdm.loading import load_folder
from tests.hub import NOW, account, live, master, only

pytestmark = pytest.mark.django_db
Docs = dict[UUID, dict[str, Any]]


@pytest.fixture
def firm(tmp_path: Path) -> None:
    """A small firm as its systems tell it, matched anew once, so that every golden record is as its rules say."""
    write_extracts(generate(60, 11), tmp_path)
    load_folder(tmp_path, Console(quiet=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # nothing commits here, so PostgreSQL never would by itself
    settle("customer")
    return


def settle(name: str) -> None:
    """Re-match, work off what waits, and again: until nothing moves any more."""
    for _ in range(2):
        if work_on_rematch() is None:
            rematch_entity(entity_name=name)
        run_pending()


def follow_activation() -> None:
    """Do what workers do after an activation."""
    assert work_on_rematch() is not None
    run_pending()


def homes() -> dict[UUID, UUID]:
    return dict(Crosswalk.objects.filter(entity="customer").values_list("source_record_id", "record_id"))


def documents() -> Docs:
    """Return every live golden document of all entities, with provenance."""
    found: Docs = {}
    for spec in entities.values():
        live = GoldenRecord.objects.filter(entity=spec.name, status="live").values_list("pk", flat=True)
        found |= load_documents(spec, live)
    return found


def groups(assigned: dict[UUID, UUID]) -> set[frozenset[UUID]]:
    members: dict[UUID, set[UUID]] = {}
    for source, home in assigned.items():
        members.setdefault(home, set()).add(source)
    return {frozenset(each) for each in members.values()}


def everything() -> dict[str, str]:
    """Return a hash of the rows of every table of the hub."""
    hashes = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            hashes[table] = cursor.fetchone()[0]
    return hashes


def open_pairs() -> set[UUID]:
    return set(CandidatePair.objects.filter(entity="customer", status="open").values_list("pk", flat=True))


def looser() -> MatchRule:
    return draft_match_rule(entity_name="customer", match=0.02, review=0.001, note="looser", now=NOW)


def changed_values(before: Docs, after: Docs) -> Counter[tuple[str, str]]:
    """Count attributes that differ in golden records that live before and after."""
    names = dict(GoldenRecord.objects.values_list("pk", "entity"))
    counts: Counter[tuple[str, str]] = Counter()
    for record in before.keys() & after.keys():
        for name in (before[record].keys() | after[record].keys()) - {"provenance"}:
            counts[names[record], name] += before[record].get(name) != after[record].get(name)
    return +counts


def strictly() -> None:
    """Have a rule in force that joins only what is all but certain."""
    strict = draft_match_rule(entity_name="customer", match=0.9999999, review=0.5, note="", now=NOW)
    apply_match_rule(rule_id=strict.pk, now=NOW)
    follow_activation()
    settle("customer")


def test_what_is_simulated_happens_and_a_roll_back_gives_the_same_bytes_back(firm: None) -> None:
    strictly()
    draft, before, first, asked = looser(), documents(), homes(), open_pairs()
    tables = everything()
    report = simulate_rules(match_rule=draft.pk, now=NOW).report
    assert everything() == tables
    assert report.merged
    apply_match_rule(rule_id=draft.pk, now=NOW)
    follow_activation()
    after, now = documents(), homes()
    expected = {frozenset(s for s, home in first.items() if str(home) in set(ids)) for ids in report.merged}
    assert groups(now) - groups(first) == expected if not report.left else expected <= groups(now)
    assert {(each.entity, each.attribute): each.total for each in report.values} == changed_values(
        before, after
    )
    live = GoldenRecord.objects.filter(entity="customer", status="live").count()
    assert report.golden_after == live
    opened, closed = open_pairs() - asked, asked - open_pairs()
    assert (report.reviews_opened, report.reviews_closed) == (len(opened), len(closed))
    again = simulate_rules(match_rule=draft.pk, now=NOW).report
    assert (again.merged, again.left, again.values) == ((), (), ())
    roll_back_match_rule(entity_name="customer", now=NOW)
    follow_activation()
    assert homes() == first
    restored = documents()
    customers = set(first.values())
    assert {key: dumps(restored[key]) for key in customers} == {key: dumps(before[key]) for key in customers}
    assert values_of(restored) == values_of(
        before
    )  # what refers to them is dated anew, its values are the same


@pytest.mark.full
def test_a_snapshot_gives_the_same_report_and_reports_survive_storage(firm: None) -> None:
    draft = looser()
    direct = simulate_rules(match_rule=draft.pk, now=NOW).report
    take_snapshot(spec=entity("customer"), rule=any_rule(draft.pk), now=NOW)
    stored = simulate_rules(match_rule=draft.pk, now=NOW).report
    assert (stored.merged, stored.left, stored.values, stored.pairs) == (
        direct.merged,
        direct.left,
        direct.values,
        direct.pairs,
    )
    assert SimulationReport.from_json(loads(dumps(direct.to_json()))) == direct


@pytest.mark.full
def test_a_stricter_rule_parts_and_going_back_joins_again(firm: None) -> None:
    first, before = homes(), documents()
    draft = draft_match_rule(entity_name="customer", match=0.9999999, review=0.5, note="", now=NOW)
    report = simulate_rules(match_rule=draft.pk, now=NOW).report
    assert report.left
    apply_match_rule(rule_id=draft.pk, now=NOW)
    follow_activation()
    leaving = {UUID(source) for _, sources in report.left for source in sources}
    assert {source for source, home in homes().items() if first[source] != home} == leaving
    former = former_match_rule(entity_name="customer")
    assert former is not None
    back = simulate_rules(match_rule=former.pk, now=NOW).report
    roll_back_match_rule(entity_name="customer", now=NOW)
    follow_activation()
    # What was parted may have become parent and child: such a pair stays two, and the simulation said so.
    assert len(groups(first) - groups(homes())) == back.vetoed == 1
    kept = values_of(documents())
    apart = {record for record, home in first.items() if homes()[record] != home}
    same = set(first.values()) - {first[record] for record in apart}
    assert {record: kept[record] for record in same} == {record: values_of(before)[record] for record in same}


def values_of(found: Docs) -> Docs:
    return {
        record: {name: value for name, value in each.items() if name != "provenance"}
        for record, each in found.items()
    }


def test_an_ownership_draft_as_it_is_active_changes_nothing() -> None:
    draft = draft_ownership(note="", now=NOW)
    report = simulate_rules(entity_name="customer", ownership=draft.pk, now=NOW).report
    assert (report.values, report.merged, report.held) == ((), (), 0)


def test_a_simulation_is_kept_and_tells_when_it_is_of_the_past(firm: None) -> None:
    draft = looser()
    asked = start_simulation(match_rule=draft.pk, now=NOW, at_once=True)
    done = run_simulation(simulation_id=asked.pk, now=NOW)
    assert done.status == Simulation.Status.DONE
    report = report_of(done)
    assert report is not None
    assert report.subject == f"customer match rule v{draft.version}"
    assert is_stale(done) == ""
    GoldenRecord.objects.filter(entity="customer", status="live").update(version=99)
    assert is_stale(done) == "data"
    MatchRule.objects.filter(pk=draft.pk).update(config={**draft.config, "match_threshold": 0.7})
    assert is_stale(done) == "rules"


def test_records_held_together_stay_so_when_the_active_version_is_simulated() -> None:
    """A customer that was renamed stays one record in a re-match with the same version; not with another one."""
    same = {
        "BillingCity": "Leeds",
        "BillingPostalCode": "LS1 4AP",
        "BillingCountry": "GB",
        "Phone": "+441132000000",
    }
    active = MatchRule.objects.filter(entity="customer", status="active")

    def call_it(name: str, day: int) -> ComparedPair:
        changed = {**same, "SystemModstamp": f"2026-03-0{day}"}
        master("salesforce.accounts", account("A2", name, **changed))
        pair: ComparedPair = only(ComparedPair.objects.filter(entity="customer"))
        return pair

    master("salesforce.accounts", account("A1", "Northgate Foods Ltd", **same))
    alike = call_it("Northgate Foods Ltd", 2).probability
    drifted = call_it("Northgate Catering Ltd", 3).probability
    assert drifted < alike
    call_it("Northgate Foods Ltd", 4)
    between = draft_match_rule(
        entity_name="customer", match=(alike + drifted) / 2, review=drifted / 2, note="", now=NOW
    )
    apply_match_rule(rule_id=between.pk, now=NOW)
    follow_activation()
    assert len(live("customer")) == 1
    held = call_it("Northgate Catering Ltd", 5)
    assert (held.held, held.band, len(live("customer"))) == (True, 1, 1)
    rule = only(active)
    kept = simulate_rules(match_rule=rule.pk, now=NOW).report
    assert (kept.merged, kept.left) == ((), ())
    same_but_new = draft_match_rule(entity_name="customer", note="the same as another version", now=NOW)
    parted = simulate_rules(match_rule=same_but_new.pk, now=NOW).report
    assert [len(leaving) for _, leaving in parted.left] == [1]
    rematch_entity(entity_name="customer")
    assert len(live("customer")) == 1
    apply_match_rule(rule_id=same_but_new.pk, now=NOW)
    follow_activation()
    assert len(live("customer")) == 2
