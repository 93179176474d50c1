"""Simulations whose worker is gone are taken up once more, then given up; helpers may die; a killed one is noticed."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from datetime import timedelta
from multiprocessing.connection import Pipe
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from apps.core.clock import utcnow
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.services import draft_survivorship
from apps.matching.models import DataMoment, MatchRun, PairSnapshot
from apps.matching.selectors import any_rule, data_moment
from apps.matching.services import draft_match_rule, prune_snapshots, take_snapshot
from apps.pipeline.models import SimulatedRecord, Simulation
from apps.pipeline.runs import MOST_LOG, keep, request_rematch
from apps.pipeline.simulating import crew as crew_module
from apps.pipeline.simulating import (
    prune_simulations,
    run_simulation,
    simulate_rules,
    start_simulation,
    take_up_simulations,
)
from apps.pipeline.simulating.jobs import Job
from apps.pipeline.simulating.leases import LEASE, claim_simulation
from mdm.local.paths import ROOT
from tests.hub import NOW, account, master, seed

WAITS = """
import sys, time, uuid
import django
django.setup()
from apps.pipeline.simulating import running
def stands_still(**asked):
    asked["progress"]("planning customers", 0.3)
    print("begun", flush=True)
    time.sleep(120)
running.simulate_rules = stands_still
running.run_simulation(simulation_id=uuid.UUID(sys.argv[1]), now=running.utcnow())
"""


def asked() -> Simulation:
    draft = draft_survivorship(note="", now=NOW)
    return start_simulation(survivorship=draft.pk, now=NOW, at_once=True)


def expire(simulation: Simulation) -> None:
    """Let its lease be over: what a minute without a sign does."""
    Simulation.objects.filter(pk=simulation.pk).update(lease_until=utcnow() - timedelta(seconds=1))


@pytest.mark.django_db
def test_one_that_was_lost_is_taken_up_again_and_then_given_up() -> None:
    seed()
    simulation = asked()
    assert claim_simulation(simulation_id=simulation.pk, worker="w1") is not None
    assert claim_simulation(simulation_id=simulation.pk, worker="w2") is None
    assert take_up_simulations(now=NOW) == 0
    expire(simulation)
    assert take_up_simulations(now=NOW) == 1
    second = claim_simulation(simulation_id=simulation.pk, worker="w2")
    assert second is not None
    assert (second.token, second.worker) == (2, "w2")
    expire(simulation)
    assert take_up_simulations(now=NOW) == 0
    simulation.refresh_from_db()
    assert simulation.status == Simulation.Status.FAILED
    assert simulation.error.startswith("Its worker gave no sign any more (w2), 2 times")


@pytest.mark.django_db
def test_one_that_nobody_was_called_for_is_taken_up_by_the_sweep() -> None:
    seed()
    simulation = asked()
    assert take_up_simulations(now=NOW) == 0
    assert take_up_simulations(now=NOW + timedelta(minutes=1)) == 1
    assert run_simulation(simulation_id=simulation.pk, now=NOW).status == Simulation.Status.DONE


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_noticed_and_its_simulation_ends_all_the_same() -> None:
    seed()
    simulation = asked()
    child = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(simulation.pk)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _address(), "DJANGO_SETTINGS_MODULE": "mdm.settings.local"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"begun\n"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        simulation.refresh_from_db()
        if simulation.progress == 0.3:
            break
        time.sleep(0.1)
    assert (simulation.status, simulation.stage) == (Simulation.Status.RUNNING, "planning customers")
    assert simulation.lease_until is not None
    assert utcnow() < simulation.lease_until < utcnow() + LEASE + timedelta(seconds=5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert take_up_simulations(now=utcnow()) == 0  # its lease still holds
    expire(simulation)
    assert take_up_simulations(now=utcnow()) == 1
    done = run_simulation(simulation_id=simulation.pk, now=NOW)
    assert (done.status, done.token) == (Simulation.Status.DONE, 2)


def _address() -> str:
    default = settings.DATABASES["default"]
    host = default["HOST"] or default["OPTIONS"].get("host", "")
    place = f"{default['USER']}:{default['PASSWORD']}@" if default["PASSWORD"] else f"{default['USER']}@"
    port = f"&port={default['PORT']}" if default["PORT"] else ""
    return f"postgres://{place}/{connection.settings_dict['NAME']}?host={host}{port}"


def test_a_job_that_cannot_be_sent_ends_the_simulation_instead_of_its_worker() -> None:
    mine, its = Pipe()
    done: SimpleQueue[Any] = SimpleQueue()
    job = Job("customer", (), followed={UUID(int=1): {"name": lambda: None}})
    crew_module._feed(mine, deque([job]), done)
    answered, error = done.get(timeout=5)
    assert answered is job
    assert isinstance(error, Exception)
    its.close()


@pytest.mark.django_db(transaction=True)
def test_two_processes_come_to_what_one_comes_to_also_when_the_helper_dies(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    seed()
    master("salesforce.accounts", *(account(f"A{n}", f"Acme {n} Ltd") for n in range(40)))
    draft = draft_survivorship(note="", now=NOW)
    GoldenRecord.objects.filter(entity="customer").update(version=3)
    monkeypatch.setattr("apps.pipeline.simulating.effects.CHUNK", 4)
    outcomes = []
    for processes, script in ((1, crew_module._CHILD), (2, crew_module._CHILD), (2, "raise SystemExit(3)")):
        monkeypatch.setattr(settings, "SIMULATION_PROCESSES", processes)
        monkeypatch.setattr(crew_module, "_CHILD", script)
        found = simulate_rules(entity_name="customer", survivorship=draft.pk, now=NOW)
        outcomes.append((found.outcomes, found.report.values, found.report.held))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.django_db(transaction=True)
def test_the_moment_changes_with_the_data_and_not_with_adding_up() -> None:
    seed()
    words = [data_moment(entity_name="customer")]
    master("salesforce.accounts", account("A1", "Acme"))
    words.append(data_moment(entity_name="customer"))
    master("salesforce.accounts", account("A1", "Acme Ltd"))
    words.append(data_moment(entity_name="customer"))
    assert len(set(words)) == 3
    assert data_moment(entity_name="invoice") == words[0]
    assert DataMoment.objects.filter(entity="customer").count() > 1
    prune_snapshots(tried=[], now=NOW)
    assert DataMoment.objects.filter(entity="customer").count() == 1
    assert data_moment(entity_name="customer") == words[2]
    GoldenRecord.objects.filter(entity="customer").update(title="written past the hub")
    assert data_moment(entity_name="customer") != words[2]


@pytest.mark.django_db
def test_snapshots_and_simulations_go_when_nobody_needs_them() -> None:
    master("salesforce.accounts", account("A1", "Acme"), account("A2", "Acme Ltd"))
    spec = entity("customer")
    active = draft_match_rule(entity_name="customer", note="like the active one", now=NOW)
    other = draft_match_rule(entity_name="customer", note="", now=NOW)
    other.config = {**other.config, "frequency_cap": 7}
    other.save()
    kept, tried = (take_snapshot(spec=spec, rule=any_rule(rule.pk), now=NOW) for rule in (active, other))
    simulation = start_simulation(match_rule=other.pk, now=NOW, at_once=True)
    later = NOW + timedelta(days=2)
    assert prune_snapshots(tried=[other.pk], now=later) == 0
    assert prune_snapshots(tried=[], now=NOW + timedelta(hours=3)) == 0
    assert prune_snapshots(tried=[], now=later) == 1
    assert list(PairSnapshot.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not PairSnapshot.objects.filter(pk=tried.pk).exists()
    run_simulation(simulation_id=simulation.pk, now=NOW)
    assert prune_simulations(now=NOW + timedelta(days=30)) == 0
    assert prune_simulations(now=NOW + timedelta(days=91)) == 1
    assert not SimulatedRecord.objects.exists()


@pytest.mark.django_db
def test_the_log_of_a_run_keeps_its_last_lines() -> None:
    seed()
    run = request_rematch(entity_name="customer", now=NOW)
    MatchRun.objects.filter(pk=run.pk).update(log="x" * MOST_LOG, status="running")
    keep(run, token=run.token, lines=["passed over one"])
    run.refresh_from_db()
    assert len(run.log) == MOST_LOG
    assert run.log.endswith("passed over one\n")
