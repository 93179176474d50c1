"""By keyboard alone in a real browser: find a record, open the menu, sign out; the browser's clock is the page's."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from apps.accounts.roles import Role
from mdm.local.browser import chromium
from tests.console.golden import single_customer
from tests.console.signing import signed_in
from tests.hub import seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_record_is_found_and_menus_are_opened_by_keys(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    seed()
    record = single_customer("A9", "Grünwald Söhne GmbH")
    cookie = signed_in(Role.STEWARD).cookies["sessionid"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context(viewport={"width": 1024, "height": 900}, timezone_id="Asia/Kolkata")
        context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.goto(f"{live_server.url}{reverse('admin:monitor')}")
        page.keyboard.press("/")
        page.keyboard.type("grünwald")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{reverse('admin:golden_record', args=('customer', record))}")
        assert (page.locator("time").first.get_attribute("title") or "").endswith(" IST")
        expect(page.locator("#nav-sidebar")).to_be_hidden()
        page.get_by_role("button", name="Show or hide the menu").locator("visible=true").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#nav-sidebar")).to_be_visible()
        page.get_by_role("button", name="Theme, password, sign out").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Log out").press("Enter")
        page.wait_for_url(f"**{reverse('admin:logout')}")
        browser.close()
