"""Options of the whole suite."""

import os
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from mdm.local.browser import chromium
from tests.hub import seed


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Seed the test database once, as `manage.py up` seeds a fresh hub."""
    with django_db_blocker.unblock():
        seed()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Seed again when a test that emptied the database is followed by one that does not: any order must do."""
    yield
    if nextitem and empties_database(item) and not empties_database(nextitem):
        with item.config.stash[blocking_manager_key].unblock():
            seed()


def empties_database(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    return bool(mark and mark.kwargs.get("transaction")) or "transactional_db" in getattr(
        item, "fixturenames", ()
    )


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
