"""Finding a record from every page, times in the reader's zone, and pages for what cannot be shown."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path, reverse

from apps.accounts.roles import Role
from apps.console.zones import zone_named
from mdm import urls
from tests.console.golden import WORKER, shared_customer
from tests.console.signing import page, signed_in
from tests.hub import account, home_of, master, seed

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> None:
    raise RuntimeError("a fault of the code")


urlpatterns = [path("broken/", broken), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = (
    urls.handler400, urls.handler403, urls.handler404, urls.handler500,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def found(client: Client, q: str) -> Any:
    return client.get(reverse("admin:find"), {"q": q})


def test_one_hit_leads_to_the_record_by_code_key_and_name() -> None:
    master("salesforce.accounts", account("A1", "Grünwald Söhne"), account("A2", "Übersee Handel"))
    record = home_of("salesforce", "customer", "A1")
    steward = signed_in(Role.STEWARD)
    for q in ("A1", str(record), "grünwald", "söhne grünwald"):
        assert found(steward, q)["Location"] == reverse("admin:golden_record", args=("customer", record))


def test_several_hits_are_listed_live_ones_first_and_screens_by_name() -> None:
    master("salesforce.accounts", account("A1", "Acme North"), account("A2", "Acme South"))
    steward = signed_in(Role.STEWARD)
    shown = page(steward, "find", q="acme")
    assert "Acme North" in shown
    assert "Acme South" in shown
    assert reverse("admin:ownership") in page(steward, "find", q="ownersh")
    assert "No record is called “&lt;b&gt;”" in page(steward, "find", q="<b>")


def test_names_of_people_are_not_found_by_who_may_not_see_them() -> None:
    master("workday.workers", WORKER)
    name = WORKER["Legal_Name"]
    assert found(signed_in(Role.STEWARD), name).status_code == 302
    assert "No record is called" in found(signed_in(Role.VIEWER), name).content.decode()


def test_times_are_those_of_the_browser_and_strange_zones_are_left() -> None:
    record: UUID = shared_customer()
    steward = signed_in(Role.STEWARD)
    assert "UTC&quot;" not in page(steward, "golden_record", "customer", record)
    assert ' UTC">' in page(steward, "golden_record", "customer", record)
    steward.cookies["hub_zone"] = "Asia/Kolkata"
    assert ' IST">' in page(steward, "golden_record", "customer", record)
    steward.cookies["hub_zone"] = "../../etc/passwd"
    assert ' UTC">' in page(steward, "golden_record", "customer", record)
    assert zone_named("Mars/Olympus") is None


def test_an_unknown_address_is_told_in_the_frame_of_the_site() -> None:
    steward = signed_in(Role.STEWARD)
    answer = steward.get("/admin/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
    assert reverse("admin:reviews") in answer.content.decode()
    missing = steward.get(reverse("admin:golden_record", args=("customer", uuid4())))
    assert missing.status_code == 404
    assert "There is no customer" in missing.content.decode()


def test_who_is_not_signed_in_learns_nothing_but_the_status() -> None:
    answer = Client().get("/nowhere/")
    assert answer.status_code == 404
    assert "nav-sidebar" not in answer.content.decode()


def test_a_refusal_names_the_capability() -> None:
    answer = signed_in(Role.STEWARD).get(reverse("admin:people"))
    assert answer.status_code == 403
    assert "It needs the capability “administer”." in answer.content.decode()
    answer = signed_in(Role.VIEWER).post(reverse("admin:targets"), {"act": "pause"})
    assert answer.status_code == 403
    assert "“operate”" in answer.content.decode()


def test_a_form_without_its_token_is_told_as_out_of_date() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        signed_in(Role.ADMINISTRATOR).get(reverse("admin:index")).wsgi_request.user,
        backend="django.contrib.auth.backends.ModelBackend",
    )
    answer = client.post(reverse("admin:targets"), {"act": "pause"})
    assert answer.status_code == 403
    assert "The page you sent was out of date" in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_the_code_gives_the_reference_of_the_log_and_no_detail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = Client(raise_request_exception=False).get("/broken/")
    assert answer.status_code == 500
    text = answer.content.decode()
    found = re.search(r'class="reference">([0-9a-f-]{36})<', text)
    assert found
    assert found[1] in caplog.text
    assert "a fault of the code" not in text


@override_settings(AXES_ENABLED=True)
def test_the_sign_in_page_is_ready_to_type_into_and_tells_when_it_locks() -> None:
    address = reverse("admin:login")
    first = Client().get(address).content.decode()
    assert first.count("autofocus") == 1
    assert "An administrator of this hub gives you both" in first
    wrong = {"username": "nobody-here", "password": "wrong"}
    client = Client()
    answers = [client.post(address, wrong).status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert set(answers[:-1]) == {200}
    locked = client.post(address, wrong)
    assert locked.status_code == 429
    assert "Too many wrong passwords" in locked.content.decode()
