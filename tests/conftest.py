"""Options of the whole suite."""

import os

import pytest
from pytest_django.plugin import DjangoDbBlocker

from mdm.local.browser import chromium
from tests.hub import seed


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Seed the test database once, as `manage.py up` seeds a fresh hub."""
    with django_db_blocker.unblock():
        seed()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the slow tests marked 'full'")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons = {}
    if not config.getoption("--full"):
        reasons["full"] = "slow; run with --full"
    if not chromium():
        reasons["browser"] = os.environ.get("MDM_NO_BROWSER") or "Chromium is not installed"
    for item in items:
        for mark, reason in reasons.items():
            if mark in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))
