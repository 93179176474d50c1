"""Who acts, why and the correlation id travel with a Celery task over the real broker."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.db import connection

from apps.audit.context import SYSTEM, Acting, Actor, acting, current
from apps.core.ids import uuid7
from mdm.hub_task import HubTask
from mdm.local.broker import Broker
from mdm.local.supervisor import Supervisor

SEEN: "queue.Queue[Acting]" = queue.Queue()


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state: Path = tmp_path_factory.mktemp("broker")
    broker = Broker(state)
    with Supervisor(state, print) as boss:
        boss.start(broker, stage=1)
        yield f"redis+socket://{broker.socket}"


@pytest.fixture(scope="module")
def app(broker_url: str) -> Iterator[Celery]:
    app = Celery("tasks-under-test", broker=broker_url, task_cls=HubTask, set_as_current=False)
    app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)

    @app.task(name="look")
    def look() -> None:
        SEEN.put(current())

    @app.task(name="look_deeper")
    def look_deeper() -> None:
        look.delay()

    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="WARNING"):
        yield app


@pytest.mark.django_db(transaction=True)
class TestActing:
    def test_the_block_of_the_sender_holds_in_the_task(self, app: Celery) -> None:
        mark = uuid7()
        with acting(Actor("ada", 7, "user"), reason="phone call", correlation_id=mark):
            app.tasks["look"].delay()
        assert SEEN.get(timeout=15) == Acting(Actor("ada", 7, "user"), "phone call", mark)
        assert current().actor == SYSTEM

    def test_a_task_started_by_a_task_keeps_it(self, app: Celery) -> None:
        mark = uuid7()
        with acting(Actor("erp", 9, "service"), reason="nightly load", correlation_id=mark):
            app.tasks["look_deeper"].apply_async(headers={"other": 1})
        assert SEEN.get(timeout=15) == Acting(Actor("erp", 9, "service"), "nightly load", mark)

    def test_nobody_acting_means_the_hub_itself(self, app: Celery) -> None:
        app.tasks["look"].delay()
        seen = SEEN.get(timeout=15)
        assert (seen.actor, seen.reason) == (SYSTEM, "")

    def test_called_directly_it_stays_in_the_callers_block_and_transaction(self, app: Celery) -> None:
        connection.ensure_connection()
        session = connection.connection
        with acting(Actor("ada", 7, "user"), reason="inline"):
            app.tasks["look"]()
        assert SEEN.get(timeout=1).actor.name == "ada"
        assert connection.connection is session
