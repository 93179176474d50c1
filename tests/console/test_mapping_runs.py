"""A mapping tried on live records, on screen: field by field, masked by role; then activated by another person."""

from collections.abc import Iterator

import pytest

from apps.accounts.roles import Role
from apps.connectors.models import Mapping
from apps.connectors.sandbox import start_sandbox
from apps.console.rules.jobs import BrokerDown
from apps.distribution.models import Lane, MappingRun
from tests.console.signing import page, signed_in, told
from tests.distribution.golden import Target, connect, new_record
from tests.distribution.test_mapping_runs import MARY

pytestmark = pytest.mark.django_db
NAME, PHONE = "netsuite.employee", "+441132001914"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.console.rules.mapping_runs.start_task", _down)


def _down(*_: object) -> None:
    raise BrokerDown


@pytest.fixture
def erp() -> Iterator[Target]:
    running = start_sandbox("netsuite")
    yield connect(running, {NAME: "resource"})
    running.stop()


def drafted(target: Target) -> Mapping:
    """Two people are delivered, then a steward drafts another place for the phone."""
    new_record(MARY | {"name": "Mary Sea"}, entity="resource")
    new_record({name: value for name, value in MARY.items() if name != "phone"}, entity="resource")
    target.deliver()
    text = Mapping.objects.get(name=NAME, status="active").text.replace(
        "remote: phone, max: 32", "remote: homePhone, max: 32"
    )
    told(signed_in(Role.STEWARD), "mapping", NAME, act="draft", text=text, note="home")
    return Mapping.objects.get(name=NAME, status="draft")


def test_a_draft_is_tried_and_its_effect_shown_by_role(erp: Target) -> None:
    draft, steward = drafted(erp), signed_in(Role.STEWARD)
    assert "Not tried yet" in page(steward, "mapping", NAME, version=str(draft.version))
    told(steward, "mapping", NAME, act="simulate", row=draft.pk)
    run = MappingRun.objects.get()
    assert (run.state, run.counts["changed"], run.counts["deliveries"]) == ("done", 1, 1)
    html = page(steward, "mapping_run", run.pk)
    assert html.count(PHONE) == 4  # before and after, each with its title
    hidden = page(signed_in(Role.VIEWER), "mapping_run", run.pk)
    assert PHONE not in hidden
    assert "2 of 2 records" in hidden
    page_of_draft = page(steward, "mapping", NAME, version=str(draft.version))
    assert "You wrote this draft" in page_of_draft
    assert "2 of 2 records tried" in page_of_draft


def test_another_person_activates_and_chooses_what_is_delivered_again(erp: Target) -> None:
    draft = drafted(erp)
    [said] = told(signed_in(Role.STEWARD), "mapping", NAME, act="activate", row=draft.pk, redeliver="changed")
    assert said.startswith("Nobody activates a mapping that he wrote")
    assert not MappingRun.objects.exists()
    told(signed_in(Role.DATA_OWNER), "mapping", NAME, act="activate", row=draft.pk, redeliver="changed")
    draft.refresh_from_db()
    assert draft.is_active
    assert MappingRun.objects.get().counts["sent_again"] == 1
    mary, other = Lane.objects.order_by("pk")
    assert (mary.done_seq, mary.priority, other.done_seq) == (0, 91, 1)
    first = Mapping.objects.get(name=NAME, version=1)
    told(signed_in(Role.DATA_OWNER), "mapping", NAME, act="activate", row=first.pk, redeliver="")
    assert Mapping.objects.get(name=NAME, status="active") == first
    assert MappingRun.objects.count() == 1
