"""The studio in a real browser: a threshold dragged by mouse and moved by keys changes the counts to the pair."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from apps.accounts.roles import Role
from apps.golden.registry import entity
from apps.matching.models import MatchRule
from apps.matching.selectors import any_rule, snapshot_for, studio_view
from apps.matching.services import take_snapshot
from mdm.local.browser import chromium
from tests.console.signing import signed_in
from tests.hub import NOW, account, erp_customer, master, seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ("Acme Widgets", "Borealis Mining", "Cobalt Partners", "Acme Wigdets", "Borealis Minning")


def opened(page: Page, client: Client, address: str) -> None:
    cookie = client.cookies["sessionid"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": address}])
    page.goto(f"{address}{reverse('admin:studio')}?entity=customer")


def auto_at(bits: float) -> int:
    rule = any_rule(MatchRule.objects.get(entity="customer", status="active").pk)
    snapshot = snapshot_for(rule)
    assert snapshot is not None
    view = studio_view(spec=entity("customer"), rule=rule, snapshot=snapshot)
    return view.counts(1 / (1 + 2**-bits), 0.0001).auto


def surveyed() -> None:
    """Have a small hub compared for the studio."""
    seed()
    master(
        "salesforce.accounts", *(account(f"A{n}", name, BillingCity="Oslo") for n, name in enumerate(NAMES))
    )
    master("netsuite.customers", *(erp_customer(f"E{n}", f"{name} AS") for n, name in enumerate(NAMES)))
    rule = any_rule(MatchRule.objects.get(entity="customer", status="active").pk)
    take_snapshot(spec=entity("customer"), rule=rule, now=NOW)


def test_thresholds_are_dragged_and_moved_by_keys(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    surveyed()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1024, "height": 900})
        opened(page, signed_in(Role.STEWARD), live_server.url)
        grip = page.locator("[data-threshold=match]")
        box = grip.locator(".grip").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 6, box["y"] + 6)
        page.mouse.down()
        page.mouse.move(box["x"] + 150, box["y"] + 6, steps=4)
        page.mouse.up()
        dragged = float(grip.get_attribute("aria-valuenow") or "0")
        assert dragged > 4
        expect(page.locator("[data-count=auto]")).to_have_text(str(auto_at(dragged)))
        grip.focus()
        page.keyboard.press("ArrowLeft")
        moved = float(grip.get_attribute("aria-valuenow") or "0")
        assert moved == pytest.approx(dragged - 0.05)
        expect(page.locator("[data-confirmed]")).to_have_attribute("data-confirmed", f"{moved:g} -2")
        expect(page.locator("[data-count=auto]")).to_have_text(str(auto_at(moved)))
        page.fill("#match", "80")
        expect(page.locator("[data-count=auto]")).to_have_text(str(auto_at(2.0)))
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        page.locator(".bar").last.click()
        expect(page.locator(".hub-example").first).to_be_visible()
        browser.close()
