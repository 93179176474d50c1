"""The tools of the house find nothing: layers, lint, format, types, migrations, deployment check."""

import os
import secrets
import subprocess
import sys

import pytest

from tests.house.code import ROOT

TOOLS = {
    "layers": ["lint-imports", "--no-cache"],
    "lint": ["ruff", "check", "--no-cache", "--output-format", "concise", "."],
    "format": ["ruff", "format", "--no-cache", "--check", "."],
    "types": ["mypy"],
}


REQUIRED = ("MDM_SECRET_KEY", "MDM_FIELD_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "CELERY_BROKER_URL")


def outcome(*command: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", TOOLS)
def test_tool_finds_nothing(name: str) -> None:
    program, *arguments = TOOLS[name]
    code, words = outcome(os.path.join(os.path.dirname(sys.executable), program), *arguments)
    assert code == 0, words


def test_models_and_migrations_agree() -> None:
    code, words = outcome(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")
    assert code == 0, words


def test_production_settings_pass_the_deployment_check() -> None:
    code, words = outcome(
        sys.executable,
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DJANGO_SETTINGS_MODULE="mdm.settings.production",
        MDM_SECRET_KEY=secrets.token_urlsafe(64),
        MDM_FIELD_KEY=secrets.token_urlsafe(32),
        ALLOWED_HOSTS="hub.example.com",
        DATABASE_URL="postgres://hub:secret@db.example.com/hub",
        CELERY_BROKER_URL="redis://broker.example.com/0",
    )
    assert code == 0, words


@pytest.mark.parametrize(
    ("name", "given"),
    [*((each, None) for each in REQUIRED), ("MDM_FIELD_KEY", "short")],
    ids=[*REQUIRED, "a field key that is too short"],
)
def test_production_refuses_to_start_without(name: str, given: str | None) -> None:
    values = {
        "MDM_SECRET_KEY": "k" * 60,
        "MDM_FIELD_KEY": "f" * 43,
        "ALLOWED_HOSTS": "hub.example.com",
        "DATABASE_URL": "postgres://db.example.com/hub",
        "CELERY_BROKER_URL": "redis://broker.example.com/0",
    }
    values.pop(name)
    if given is not None:
        values[name] = given
    bare = {key: value for key, value in os.environ.items() if key not in REQUIRED}
    done = subprocess.run(
        [sys.executable, "-c", "import mdm.settings.production"],
        cwd=ROOT,
        env={**bare, **values},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert name in done.stderr
