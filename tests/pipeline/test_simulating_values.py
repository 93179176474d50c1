"""Simulated changes of ownership and survivorship are what their recomputation then does, record by record."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from rich.console import Console

from apps.core.clock import utcnow
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.golden.registry import entities, entity
from apps.mastering.models import OwnershipRule, SurvivorshipRule
from apps.mastering.services import draft_ownership, draft_survivorship
from apps.pipeline.models import Recomputation, SimulatedRecord, Simulation
from apps.pipeline.recomputing.runs import TRIES, claim, waits_for_worker
from apps.pipeline.recomputing.work import _compute
from apps.pipeline.runs import RunLost
from apps.pipeline.services import (
    apply_ownership,
    apply_survivorship,
    recompute_entities,
    resume_recomputation,
    run_pending,
    work_on_recomputation,
)
from apps.pipeline.simulating import cancel_simulation, run_simulation, simulate_rules, start_simulation
from apps.stewardship.models import ChangeRequest
from mdm.demo import generate, write_extracts
from mdm.loading import load_folder
from tests.hub import NOW, account, erp_customer, live, master, seed

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def firm(tmp_path: Path) -> None:
    """A small firm as its systems tell it, all of it computed by the rules in force."""
    write_extracts(generate(25, 3), tmp_path)
    load_folder(tmp_path, Console(quiet=True))


def values() -> dict[UUID, tuple[str, dict[str, Any]]]:
    """Return (entity, document without provenance) of every live golden record."""
    found = {}
    for spec in entities.values():
        live = GoldenRecord.objects.filter(entity=spec.name, status="live").values_list("pk", flat=True)
        for record, document in load_documents(spec, live).items():
            document.pop("provenance")
            found[record] = (spec.name, document)
    return found


def differences(before: dict[Any, Any], after: dict[Any, Any]) -> set[tuple[UUID, str]]:
    """Return (record, attribute) of what differs."""
    return {
        (record, name)
        for record, (_, document) in before.items()
        for name in document.keys() | after[record][1].keys()
        if document.get(name) != after[record][1].get(name)
    }


def newest_first() -> int:
    draft = draft_survivorship(note="", now=NOW)
    SurvivorshipRule.objects.filter(policy=draft).update(strategies=["recency", "completeness", "stable"])
    return draft.pk


def turned_around() -> int:
    draft = draft_ownership(note="", now=NOW)
    for rule in OwnershipRule.objects.filter(matrix=draft):
        rule.owners = list(reversed(rule.owners))
        rule.save()
    return draft.pk


def follow(run: Recomputation | None) -> Recomputation:
    """Do what workers do after an activation."""
    assert run is not None
    done = work_on_recomputation()
    run_pending()  # what derived attributes follow is the pipeline's
    assert done is not None
    assert (done.status, done.passed_over, done.done) == ("done", 0, done.total)
    return done


def changes() -> Iterator[Any]:
    yield pytest.param(newest_first, "survivorship", apply_survivorship, "policy_id", id="survivorship")
    yield pytest.param(turned_around, "ownership", apply_ownership, "matrix_id", id="ownership")


@pytest.mark.parametrize(("draft", "kind", "activate", "named"), list(changes()))
def test_what_is_simulated_is_what_the_recomputation_does(
    firm: None, draft: Any, kind: str, activate: Any, named: str
) -> None:
    tried, before = draft(), values()
    asked = ChangeRequest.objects.filter(status="pending").count()
    found = simulate_rules(**{kind: tried}, now=LATER)
    told = {(record, name) for record, each in found.outcomes.items() for name, _ in each.values}
    assert found.report.values_changed == len(told) > 0
    _, run = activate(**{named: tried}, now=LATER)
    done = follow(run)
    assert differences(before, values()) == told
    news = sum(each.is_news for each in found.outcomes.values())
    assert (
        done.changed == news == found.report.golden_changed - dict(found.report.changed).get("requalified", 0)
    )
    held = ChangeRequest.objects.filter(status="pending").count() - asked
    assert found.report.held == held
    again = simulate_rules(**{kind: tried}, now=LATER)
    assert (again.report.values_changed, again.report.golden_changed, again.report.held) == (0, 0, 0)


def test_the_whole_list_of_records_is_kept_with_a_report(firm: None) -> None:
    asked = start_simulation(survivorship=newest_first(), now=NOW, at_once=True)
    done = run_simulation(simulation_id=asked.pk, now=NOW)
    assert done.status == Simulation.Status.DONE
    listed = SimulatedRecord.objects.filter(simulation=done)
    kinds = done.report["changed"]
    assert done.summary["changed"] == sum(count for _, count in kinds) > 0
    assert listed.exclude(kind="unchanged").count() == done.summary["changed"]
    assert sum(len(names) for names in listed.values_list("attributes", flat=True)) == done.summary["values"]
    assert sum(listed.values_list("held", flat=True)) == done.summary["held"]


def test_a_cancelled_simulation_is_not_run() -> None:
    asked = start_simulation(survivorship=newest_first(), now=NOW, at_once=True)
    cancel_simulation(simulation_id=asked.pk, now=NOW)
    left = run_simulation(simulation_id=asked.pk, now=NOW)
    assert (left.status, left.report) == (Simulation.Status.CANCELLED, None)


def test_an_activation_that_changes_nothing_computes_nothing() -> None:
    seed()
    _, run = apply_ownership(matrix_id=draft_ownership(note="", now=NOW).pk, now=NOW)
    assert run is None
    assert not Recomputation.objects.exists()


def test_only_the_entities_that_rules_speak_otherwise_of_are_computed() -> None:
    master("salesforce.accounts", account("A1", "Acme"))
    draft = draft_survivorship(note="", now=NOW)
    SurvivorshipRule.objects.filter(policy=draft, entity="customer").update(strategies=["recency", "stable"])
    _, run = apply_survivorship(policy_id=draft.pk, now=NOW)
    assert run is not None
    assert (run.entities, run.total) == (["customer"], 1)


def test_a_later_activation_takes_over_what_an_earlier_one_had_to_do() -> None:
    master("salesforce.accounts", account("A1", "Acme"))
    master("netsuite.customers", erp_customer("7", "Beta"))
    first = draft_survivorship(note="", now=NOW)
    SurvivorshipRule.objects.filter(policy=first, entity="customer").update(strategies=["recency", "stable"])
    _, earlier = apply_survivorship(policy_id=first.pk, now=NOW)
    second = draft_ownership(note="", now=NOW)
    OwnershipRule.objects.filter(matrix=second, entity="invoice").update(owners=["crm", "erp"])
    _, later = apply_ownership(matrix_id=second.pk, now=LATER)
    assert earlier is not None
    assert later is not None
    earlier.refresh_from_db()
    assert (earlier.status, later.entities) == ("cancelled", ["customer", "invoice"])
    assert "replaced by" in earlier.log
    assert follow(later).done == 2


def lose_worker() -> None:
    """Let the lease be over, as that of a worker that was killed is after a while."""
    Recomputation.objects.update(lease_until=utcnow() - timedelta(seconds=1))


def test_a_recomputation_passes_over_the_record_that_fails_and_does_the_rest(firm: None) -> None:
    draft = newest_first()
    found = simulate_rules(survivorship=draft, now=LATER)
    changing = sorted(record for record, each in found.outcomes.items() if each.is_news)
    culprit = changing[len(changing) // 2]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'data_exception'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON golden_goldenrecord FOR EACH ROW"
            f" WHEN (new.id = '{culprit}') EXECUTE FUNCTION pg_temp.refuse()"
        )
    before = values()
    apply_survivorship(policy_id=draft, now=LATER)
    done = work_on_recomputation()
    assert done is not None
    assert (done.status, done.passed_over, done.done) == ("done", 1, done.total)
    assert f"passed over {culprit}: DataException: no room" in done.log
    changed = {record for record, _ in differences(before, values())}
    assert changed == {record for record, each in found.outcomes.items() if each.values} - {culprit}


def test_a_recomputation_goes_on_where_a_lost_worker_was_and_that_one_writes_no_more() -> None:
    master("salesforce.accounts", account("A1", "Acme"), account("A2", "Borealis"))
    run = recompute_entities(entity_names=["customer"], cause="asked for", now=NOW)
    assert run is not None
    spec, ids = entity("customer"), sorted(live("customer"))
    first = claim(worker="w1")
    assert first is not None
    _compute(first, first.token, spec, ids[:1])
    assert not waits_for_worker()
    lose_worker()
    assert waits_for_worker()
    done = work_on_recomputation()
    assert done is not None
    assert (done.status, done.done, done.total, done.token) == ("done", 2, 2, 2)
    with pytest.raises(RunLost):
        _compute(first, first.token, spec, ids[1:])


def test_a_recomputation_that_every_worker_is_lost_on_is_given_up() -> None:
    master("salesforce.accounts", account("A1", "Acme"))
    run = recompute_entities(entity_names=["customer"], cause="asked for", now=NOW)
    assert run is not None
    for _ in range(TRIES + 1):
        assert claim(worker="w") is not None
        lose_worker()
    assert claim(worker="w") is None
    run.refresh_from_db()
    assert (run.status, "given up" in run.log) == ("failed", True)
    assert resume_recomputation(run_id=run.pk, now=NOW).status == "queued"
    assert follow(run).done == 1
