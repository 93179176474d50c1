"""Layers and exceptions of the matrix, survivorship drafts, verdicts on writes and explanations, on screen."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.mastering.engine.ownership import Verdict
from apps.mastering.models import OwnershipMatrix, OwnershipRule, Pin, SurvivorshipPolicy, SurvivorshipRule
from apps.mastering.services import OwnershipCell
from apps.pipeline.models import Simulation
from tests.console.signing import page, person, signed_in, told
from tests.hub import document_of, only
from tests.mastering.ruling import customer_of_two_systems, rule

pytestmark = pytest.mark.django_db


def draft_of(screen: str) -> int:
    model = OwnershipMatrix if screen == "ownership" else SurvivorshipPolicy
    first = model.objects.get(status="active")
    told(signed_in(Role.STEWARD), screen, act="draft", row=first.pk, note="try")
    return int(only(model.objects.filter(status="draft").values_list("pk", flat=True)))


def test_a_layer_is_drafted_with_exceptions_and_compared_with_the_active_version() -> None:
    steward, row = signed_in(Role.STEWARD), draft_of("ownership")
    layer = {"legal_entity": "UK01", "from": "2026-04-01", "to": ""}
    cell = {"owners:contact:*": "erp", "others:contact:*": "shadow", "exceptions:contact:*": "psa: reject"}
    said = told(steward, "ownership", act="save", row=row, entity="customer", **layer, **cell)
    assert said == ["Saved: 1 cell of customer changed."]
    stored = OwnershipRule.objects.get(matrix=row, legal_entity="UK01")
    assert (str(stored.valid_from), stored.owners, stored.verdicts) == (
        "2026-04-01",
        ["erp"],
        {"psa": "reject"},
    )
    html = page(steward, "ownership", version="2", entity="customer", **layer)
    assert "contact [UK01, from 2026-04-01]" in html
    assert "UK01 from 1 Apr 2026" in html


@pytest.mark.parametrize(
    ("screen", "typed", "says"),
    [
        ("ownership", {"owners:contact:*": "erp,psa", "exceptions:contact:*": "psa reject"}, "a verdict"),
        ("survivorship", {"strategies:contact": "trust", "trust:contact": "salesforce 90"}, "its points"),
        ("survivorship", {"strategies:contact": "trust", "trust:name": "erp: 80"}, "strateg"),
    ],
)
def test_what_cannot_be_saved_stays_as_it_was_typed(screen: str, typed: dict[str, str], says: str) -> None:
    steward, row = signed_in(Role.STEWARD), draft_of(screen)
    form = {"act": "save", "row": row, "entity": "customer", **typed}
    answer = steward.post(f"{reverse(f'admin:{screen}')}?version=2&entity=customer", form)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "Nothing was saved." in html
    assert says in html
    for name, value in typed.items():
        assert f'name="{name}" value="{value}"' in html


@pytest.mark.parametrize("screen", ["ownership", "survivorship"])
def test_a_draft_is_simulated(screen: str, django_capture_on_commit_callbacks: object) -> None:
    row = draft_of(screen)
    said = told(signed_in(Role.STEWARD), screen, act="simulate", row=row)
    assert said[0].startswith("The simulation runs")
    assert getattr(Simulation.objects.get(), screen) == row


def test_a_survivorship_draft_is_edited_and_activated_by_another_person() -> None:
    steward, row = signed_in(Role.STEWARD), draft_of("survivorship")
    groups = {f"strategies:{rule.group}": ",".join(rule.strategies) for rule in _rules(row)}
    form = groups | {"strategies:contact": "trust,owner,stable", "trust:contact": "salesforce: 90 / 180 days"}
    said = told(steward, "survivorship", act="save", row=row, entity="customer", **form)
    assert said == ["Saved: 1 group of customer changed."]
    stored = SurvivorshipRule.objects.get(policy=row, entity="customer", group="contact")
    assert (stored.strategies, stored.trust) == (["trust", "owner", "stable"], {"salesforce": [90.0, 180.0]})
    assert "most trusted" in page(signed_in(Role.VIEWER), "survivorship", version="2")
    form["strategies:contact"] = "trust"
    [said] = told(steward, "survivorship", act="save", row=row, entity="customer", **form)
    assert "the last strategy must be" in said
    [said] = told(steward, "survivorship", act="activate", row=row)
    assert said.startswith("Nobody activates rules that he wrote")
    told(signed_in(Role.DATA_OWNER), "survivorship", act="activate", row=row)
    assert SurvivorshipPolicy.objects.get(status="active").pk == row


def _rules(policy: int) -> list[SurvivorshipRule]:
    return list(SurvivorshipRule.objects.filter(policy=policy, entity="customer"))


def test_writes_without_effect_are_listed_and_told_on_the_record() -> None:
    rule({("name", "*"): OwnershipCell(("crm",), Verdict.SHADOW)})
    record = customer_of_two_systems(erp={"email": "jane@acme.example"})
    viewer = signed_in(Role.VIEWER)
    html = page(viewer, "verdicts", verdict="shadow", entity="customer", group="name")
    assert "From ERP" in html
    assert "name v2" in html
    assert "From ERP" not in page(viewer, "verdicts", verdict="reject")
    html = page(viewer, "golden_record", "customer", record)
    assert "Writes without effect" in html
    assert "netsuite is the first owner of name in state prospect" in html
    assert "name v2" in page(viewer, "golden_record", "customer", record, tab="decisions")


def test_a_pin_with_a_last_day_ends_after_it() -> None:
    record = customer_of_two_systems()
    form = {"segment": "Key", "industry": "", "reason": "agreed", "expires_on": "2099-12-31"}
    client = signed_in(Role.STEWARD)
    said = told(client, "golden_edit", "customer", record, query="?group=classification", **form)
    assert said == ["Pinned and applied: segment."]
    assert str(Pin.objects.get().expires_at) == "2100-01-01 00:00:00+00:00"
    assert document_of(record)["segment"] == "Key"
    assert "until 1 Jan 2100" in page(client, "golden_record", "customer", record)


def test_an_administrator_says_what_a_data_owner_answers_for() -> None:
    user = person(Role.DATA_OWNER)
    form = {"email": "", "role": "data owner", "is_active": "1", "owns": "netsuite, crm"}
    admin = signed_in(Role.ADMINISTRATOR)
    told(admin, "person", user.pk, act="save", **form)
    assert User.objects.get(pk=user.pk).owns == ["crm", "netsuite"]
    [said] = told(admin, "person", user.pk, act="save", **{**form, "owns": "oracle"})
    assert "Neither a system nor a role" in said
