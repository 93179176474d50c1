"""Connections: secrets sealed at rest, never shown, sealed again under a new key."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database

from apps.audit.context import Actor
from apps.audit.models import AuditEvent
from apps.connectors.addresses import AddressRefused
from apps.connectors.models import Connection
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.sealing import SecretsUnreadable, present_key_id, seal, unseal
from apps.connectors.selectors import connection_of, connector_for, settings_of
from apps.connectors.services import connect_sandbox, reseal_secrets, save_connection, set_secrets
from apps.core.errors import NotFound
from apps.core.registry import UnknownName

ANN = Actor("ann")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
SECRETS = {"client_id": "hub", "client_secret": "hunter2"}

pytestmark = pytest.mark.django_db


def make(**changes: object) -> Connection:
    given = {
        "code": "acme-crm",
        "kind": "salesforce",
        "base_url": "https://acme.example.com",
        "secrets": SECRETS,
    }
    return save_connection(**{**given, **changes}, actor=ANN, now=NOW)


def test_secrets_are_sealed_and_open_again() -> None:
    made = make()
    assert settings_of(Connection.objects.get(pk=made.pk)).secrets == SECRETS
    assert made.secret_names == ["client_id", "client_secret"]
    assert made.sealed_with == present_key_id()


def test_no_secret_anywhere_in_the_database_or_in_repr() -> None:
    made = make()
    with database.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM connectors_connection c WHERE code = 'acme-crm'")
        stored = cursor.fetchone()[0]
        cursor.execute(
            "SELECT row_to_json(h)::text FROM connectors_historicalconnection h WHERE code = 'acme-crm'"
        )
        history = cursor.fetchone()[0]
    assert "hunter2" not in stored
    assert "sealed_with" in history
    assert '"sealed":' not in history
    assert "hunter2" not in repr(made) + str(made) + repr(settings_of(made))
    assert "hunter2" not in repr(list(AuditEvent.objects.values()))


def test_ciphertext_is_bound_to_its_connection() -> None:
    key, sealed = seal(SECRETS, owner="salesforce")
    assert unseal(sealed, owner="salesforce", key_name=key) == SECRETS
    with pytest.raises(SecretsUnreadable):
        unseal(sealed, owner="netsuite", key_name=key)
    with pytest.raises(SecretsUnreadable):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), owner="salesforce", key_name=key)


def test_sealing_twice_gives_other_bytes() -> None:
    assert seal(SECRETS, owner="x")[1] != seal(SECRETS, owner="x")[1]


def test_a_new_key_reads_the_old_and_seals_again(settings: Any) -> None:
    Connection.objects.exclude(code="acme-crm").update(sealed_with="")
    made = make()
    old = settings.MDM_FIELD_KEY
    settings.MDM_FIELD_KEY = "another key"
    with pytest.raises(SecretsUnreadable, match="MDM_FIELD_KEYS_RETIRED"):
        settings_of(made)
    settings.MDM_FIELD_KEYS_RETIRED = [old]
    assert settings_of(made).secrets == SECRETS
    assert reseal_secrets(actor=ANN, now=NOW) == 1
    assert reseal_secrets(actor=ANN, now=NOW) == 0
    settings.MDM_FIELD_KEYS_RETIRED = []
    assert settings_of(Connection.objects.get(pk=made.pk)).secrets == SECRETS


def test_saving_without_secrets_keeps_them() -> None:
    make()
    changed = make(secrets=None, label="The CRM")
    assert settings_of(changed).secrets == SECRETS
    assert (changed.revision, changed.label) == (2, "The CRM")


def test_set_secrets_replaces_all_and_is_audited() -> None:
    made = make()
    set_secrets(connection=made, secrets={"client_secret": "new"}, actor=ANN, now=NOW)
    assert settings_of(made).secrets == {"client_secret": "new"}
    deed = AuditEvent.objects.get(verb="connection.secrets_set", subject="acme-crm")
    assert (deed.actor, deed.subject, deed.detail) == ("ann", "acme-crm", {"names": ["client_secret"]})
    told = [(row.actor, row.history_type) for row in made.history.order_by("history_id")]
    assert told == [("ann", "+"), ("ann", "~")]


def test_connector_is_kept_until_the_connection_changes() -> None:
    made = make()
    first = connector_for(made)
    assert connector_for(Connection.objects.get(pk=made.pk)) is first
    set_secrets(connection=made, secrets=SECRETS, actor=ANN, now=NOW)
    assert connector_for(made) is not first


def test_unknown_kind_and_bad_addresses_are_refused() -> None:
    with pytest.raises(UnknownName, match="salesforce"):
        make(kind="salesfroce")
    with pytest.raises(AddressRefused):
        make(base_url="http://acme.example.com")
    with pytest.raises(AddressRefused):
        make(base_url="https://127.0.0.1:9000")
    assert not Connection.objects.filter(code="acme-crm").exists()


def test_the_database_refuses_plain_http_too() -> None:
    made = make()
    with pytest.raises(IntegrityError, match="connection_is_encrypted_or_sandbox"), transaction.atomic():
        Connection.objects.filter(pk=made.pk).update(base_url="http://acme.example.com")


def test_unknown_code() -> None:
    with pytest.raises(NotFound, match="nowhere"):
        connection_of("nowhere")


def test_connect_sandbox_signs_in(sandbox: Callable[..., RunningSandbox]) -> None:
    running = sandbox("netsuite")
    made = connect_sandbox(name="netsuite", base_url=running.base_url, actor=ANN, now=NOW)
    assert connector_for(made).check().ok
