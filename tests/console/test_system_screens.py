"""People, tokens, connections, jobs and the audit list: administrators only, secrets never shown, deeds recorded."""

import json
import re
from typing import Any

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Role
from apps.accounts.selectors import principal_of_token
from apps.audit.models import AuditEvent
from apps.connectors.models import Connection
from apps.connectors.sandbox import start_sandbox
from apps.connectors.selectors import settings_of
from apps.console.rules.jobs import BadSchedule, Timing, timing_of
from apps.console.screens import screens
from apps.core.clock import utcnow
from tests.console.signing import page, person, press, signed_in, told

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-pass-phrase-7"
CONNECTION = {"kind": "salesforce", "base_url": "https://crm.example.com", "options": "{}", "label": "CRM"}


@pytest.mark.parametrize("name", ["people", "tokens", "connections"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_open_what_they_administer(name: str, role: Role) -> None:
    assert signed_in(role).get(reverse(f"admin:{name}")).status_code == 403


@pytest.mark.parametrize(
    "name", [each.name for each in screens if "<" not in each.route and each.name != "mapping_new"]
)
def test_every_plain_screen_opens_for_an_administrator_and_sends_strangers_to_sign_in(
    name: str, client: Any
) -> None:
    path = reverse(f"admin:{name}")
    assert signed_in(Role.ADMINISTRATOR).get(path).status_code == 200
    assert client.get(path).status_code == 302


def test_a_person_is_created_with_roles_and_may_sign_in() -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    form = {"act": "add", "username": "ada", "email": "ada@example.org", "role": ["steward", "approver"]}
    [said] = told(admin, "people", password="12345", **form)
    assert said.startswith("The user cannot be saved like this")
    assert not User.objects.filter(username="ada").exists()
    told(admin, "people", password=PASSWORD, **form)
    ada = User.objects.get(username="ada")
    assert (ada.roles, ada.is_superuser, ada.check_password(PASSWORD)) == (
        ["steward", "approver"],
        False,
        True,
    )
    assert AuditEvent.objects.get(verb="user.created").subject == "ada"
    [said] = told(admin, "people", password=PASSWORD, **form | {"username": "Ada"})
    assert "There is a user 'Ada' already" in said


def test_roles_are_taken_away_and_an_administrator_cannot_lock_himself_out() -> None:
    admin, ada = signed_in(Role.ADMINISTRATOR), person(Role.STEWARD, "ada")
    told(admin, "person", ada.pk, act="save", email="", role=["viewer"], password="")
    ada.refresh_from_db()
    assert (ada.roles, ada.is_active) == (["viewer"], False)
    me = person(Role.ADMINISTRATOR)
    [said] = told(admin, "person", me.pk, act="save", email="", role=["viewer"], is_active="1", password="")
    assert said.startswith("You cannot take away your own administrator role")
    me.refresh_from_db()
    assert (me.roles, me.is_superuser) == (["administrator"], True)


def test_a_token_is_shown_once_narrowed_and_revoked() -> None:
    admin, robot = signed_in(Role.ADMINISTRATOR), person(Role.INTEGRATION, "robot")
    form = {"act": "issue", "user": robot.pk, "label": "loader", "days": "30"}
    [said] = told(admin, "tokens", capability=["approve"], **form)
    assert "robot may not approve" in said
    answer = press(admin, "tokens", capability=["view"], **form)
    assert "no-store" in answer["Cache-Control"]
    [token] = re.findall(r'value="(mdm_[\w-]+)"', answer.content.decode())
    principal = principal_of_token(token=token, now=utcnow())
    assert principal is not None
    assert (principal.username, sorted(principal.capabilities)) == ("robot", ["view"])
    assert token not in page(admin, "tokens")
    told(admin, "tokens", act="revoke", token=ApiToken.objects.get().pk)
    assert principal_of_token(token=token, now=utcnow()) is None
    assert list(AuditEvent.objects.filter(verb__startswith="token.").values_list("verb", flat=True)) == [
        "token.revoked",
        "token.issued",
    ]


def test_a_connection_is_made_switched_off_and_its_secrets_never_come_back() -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    told(admin, "connections", act="add", code="crm2", **CONNECTION)
    row = Connection.objects.get(code="crm2")
    assert not row.enabled
    [said] = told(admin, "connection", "crm2", act="secrets", secret_name=["client_id"], secret_value=[""])
    assert said.startswith("All secrets are replaced together")
    names, values = ["client_id", "client_secret", ""], ["hub", "top-secret-7", ""]
    told(admin, "connection", "crm2", act="secrets", secret_name=names, secret_value=values)
    row.refresh_from_db()
    assert settings_of(row).secret("client_secret") == "top-secret-7"
    html = page(admin, "connection", "crm2") + page(admin, "connections") + page(admin, "audit")
    assert "top-secret-7" not in html
    assert "client_secret" in html


def test_options_and_addresses_are_checked_before_anything_is_saved() -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    told(admin, "connections", act="add", code="crm2", **CONNECTION)
    for wrong, title in (
        ({"options": "[1]"}, "Options are a JSON object"),
        ({"base_url": "http://169.254.169.254/"}, "The hub must not call this address"),
        ({"kind": "fax"}, "Nothing is registered under this name"),
    ):
        [said] = told(admin, "connection", "crm2", act="save", **CONNECTION | wrong)
        assert said.startswith(title)
    row = Connection.objects.get(code="crm2")
    assert (row.base_url, row.options, row.revision) == ("https://crm.example.com", {}, 1)


def test_a_check_asks_the_system_itself() -> None:
    admin, running = signed_in(Role.ADMINISTRATOR), start_sandbox("salesforce")
    try:
        form = CONNECTION | {"base_url": running.base_url, "sandbox": "1"}
        told(admin, "connections", act="add", code="crm2", **form)
        secrets = {"secret_name": ["client_id", "client_secret"], "secret_value": ["mdm-hub", "sandbox-crm"]}
        told(admin, "connection", "crm2", act="secrets", **secrets)
        html = press(admin, "connection", "crm2", act="check").content.decode()
    finally:
        running.stop()
    assert "What the system answers" in html
    assert "sign-in" in html


def job() -> PeriodicTask:
    return PeriodicTask.objects.get(task="pipeline.run")


def test_a_job_is_switched_off_and_given_another_time() -> None:
    steward = signed_in(Role.STEWARD)
    told(steward, "schedules", act="switch", job=job().pk)
    assert not job().enabled
    form = {"act": "save", "enabled": "1", "description": "nightly"}
    told(steward, "schedule", job().pk, kind="cron", cron="30  1 * * *", **form)
    assert str(timing_of(job())) == "daily at 01:30 UTC"
    [said] = told(steward, "schedule", job().pk, kind="cron", cron="99 1 * * *", **form)
    assert said.startswith(BadSchedule.title)
    told(steward, "schedule", job().pk, kind="interval", every="2", period="minutes", **form)
    assert timing_of(job()) == Timing("interval", every=2, period="minutes")
    assert job().enabled
    deeds = AuditEvent.objects.filter(verb__startswith="schedule.").order_by("at")
    assert [deed.verb for deed in deeds] == ["schedule.switched_off", "schedule.saved", "schedule.saved"]


def test_running_a_job_now_needs_an_operator() -> None:
    assert press(signed_in(Role.STEWARD), "schedules", act="run", job=job().pk).status_code == 403


def test_audit_events_are_filtered_and_details_masked_for_viewers() -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    told(admin, "connections", act="add", code="crm2", **CONNECTION)
    html = page(admin, "audit", verb="connection", actor="the-administrator")
    assert html.count("connection.saved") == 1
    assert json.dumps("https://crm.example.com") in html.replace("&quot;", '"')
    assert "crm.example.com" not in page(signed_in(Role.VIEWER), "audit")
    assert "No event fits these filters" in page(admin, "audit", actor="nobody")
    event = AuditEvent.objects.get(verb="connection.saved")
    assert "connection.saved" in page(admin, "audit", correlation=str(event.correlation_id))
    assert "connection.saved" not in page(admin, "audit", until="2020-01-01")
    page(admin, "audit", since="2020-99-99", correlation="x", after="y")
