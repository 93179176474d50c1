"""Who may open which screen: nobody without a role, each role what it is for."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.console.navigation import FLOW, RULES, SYSTEM, WORK
from apps.console.screens import screens
from apps.golden.registry import entities
from tests.console.golden import shared_customer, waiting_request
from tests.console.signing import page, signed_in
from tests.hub import seed

pytestmark = pytest.mark.django_db

STAFF = (Role.VIEWER, Role.STEWARD, Role.APPROVER, Role.DATA_OWNER, Role.ADMINISTRATOR)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.mark.parametrize("role", STAFF)
def test_every_role_of_people_may_look(role: Role) -> None:
    client = signed_in(role)
    for name in ("index", "reviews", "requests"):
        assert client.get(reverse(f"admin:{name}")).status_code == 200
    for spec in entities.values():
        assert client.get(reverse("admin:golden_list", args=(spec.name,))).status_code == 200


def test_nobody_signed_in_is_sent_to_the_login() -> None:
    for name in ("index", "reviews", "requests"):
        address = reverse(f"admin:{name}")
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"] == f"{reverse('admin:login')}?next={address}"


def test_staff_without_a_role_and_service_clients_are_kept_out() -> None:
    for user in (
        create_user(username="nora", roles=[]),
        create_user(username="robot", roles=[Role.STEWARD], is_service=True),
    ):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(reverse("admin:index")).status_code == 302
        assert client.get(reverse("admin:golden_list", args=("customer",))).status_code == 302


def test_only_who_decides_may_open_the_forms_of_a_record() -> None:
    record = shared_customer()
    for role in STAFF:
        expected = 200 if role in (Role.STEWARD, Role.DATA_OWNER, Role.ADMINISTRATOR) else 403
        client = signed_in(role)
        for name in ("golden_edit", "golden_merge"):
            assert client.get(reverse(f"admin:{name}", args=("customer", record))).status_code == expected


@pytest.mark.parametrize("name", ["golden_merge", "golden_unmerge"])
def test_verbs_on_a_record_answer_stewards_only(name: str) -> None:
    address = reverse(f"admin:{name}", args=("customer", uuid4()))
    assert signed_in(Role.VIEWER).post(address).status_code == 403
    assert signed_in(Role.VIEWER).get(address).status_code == 403
    assert signed_in(Role.STEWARD).get(address).status_code == 404
    assert signed_in(Role.STEWARD).post(address).status_code == 404


def test_only_approvers_may_answer_a_request() -> None:
    request = waiting_request()
    for role in (Role.VIEWER, Role.STEWARD):
        answer = signed_in(role).post(
            reverse("admin:request", args=(request.pk,)), {"answer": "approve", "reason": "x"}
        )
        assert answer.status_code == 403
    request.refresh_from_db()
    assert request.status == "pending"


def test_what_does_not_exist_is_404() -> None:
    client = signed_in(Role.STEWARD)
    for address in (
        reverse("admin:golden_list", args=("unicorn",)),
        reverse("admin:golden_record", args=("customer", uuid4())),
        f"{reverse('admin:golden_record', args=('customer', shared_customer()))}?tab=nonsense",
        reverse("admin:review", args=(uuid4(),)),
        reverse("admin:request", args=(uuid4(),)),
    ):
        assert client.get(address).status_code == 404


def test_the_sidebar_links_every_entry_and_every_entity() -> None:
    html = page(signed_in(Role.ADMINISTRATOR), "index")
    for entry in (*WORK, *FLOW, *RULES, *SYSTEM):
        assert f'href="{reverse(f"admin:{entry.url}")}"' in html, entry.title
    for spec in entities.values():
        assert f'href="{reverse("admin:golden_list", args=(spec.name,))}"' in html


def test_the_sidebar_hides_what_only_administrators_may_do() -> None:
    html = page(signed_in(Role.STEWARD), "index")
    assert reverse("admin:tokens") not in html
    assert reverse("admin:reviews") in html


def test_screens_have_names_of_their_own() -> None:
    names = [each.name for each in screens]
    assert len(names) == len(set(names))
