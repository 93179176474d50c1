"""Every row of a rule version has its history row, in the name of whoever drafted it; merges by rule are the hub's."""

import pytest

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.mastering.models import OwnershipRule
from apps.mastering.services import draft_ownership
from apps.stewardship.models import ApprovalPolicy, ApprovalRule
from apps.stewardship.services import draft_policy
from tests.hub import NOW, account, as_user, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def test_rules_of_a_draft_have_a_history() -> None:
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    with as_user("olga", olga.pk):
        matrix = draft_ownership(note="try", now=NOW)
        policy = draft_policy(note="try", now=NOW)
    for model, drafted in ((OwnershipRule, matrix.rules), (ApprovalRule, policy.rules)):
        ids = list(drafted.values_list("pk", flat=True))
        history = model.history.filter(id__in=ids)
        assert set(history.values_list("actor", "history_user_id", "history_type")) == {
            ("olga", olga.pk, "+")
        }
        assert history.count() == len(ids) > 0


def test_a_batch_woken_by_a_client_without_rights_merges_all_the_same() -> None:
    """Whoever posts the record that brings two golden records together need not be a steward."""
    ApprovalPolicy.objects.update(status="retired")
    client = create_user(username="loader", roles=[Role.INTEGRATION], is_service=True)
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd", Website="zephyr.example"))
    master("salesforce.accounts", account("A2", "Quantock Advisory Ltd", Phone="+442079460001"))
    assert len(live("customer")) == 2
    same = {"Website": "zephyr.example", "Phone": "+442079460001", "SystemModstamp": "2026-03-01"}
    with as_user("loader", client.pk):
        master("salesforce.accounts", account("A2", "Zephyr Mills Ltd", **same))
    assert (
        home_of("salesforce", "customer", "A1")
        == home_of("salesforce", "customer", "A2")
        == only(live("customer"))
    )
