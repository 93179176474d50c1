"""Options of the whole suite."""

import os

import pytest

from mdm.local.browser import chromium


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
