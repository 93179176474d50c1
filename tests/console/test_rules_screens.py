"""Rules on screen: drafts are edited, activated, rolled back; faults stand at their place; only rule editors act."""

import pytest

from apps.accounts.roles import Role
from apps.audit.models import AuditEvent
from apps.connectors.models import Mapping
from apps.console.rules.documents import diff_lines, line_of
from apps.console.rules.survivorship_changes import survivorship_changes
from apps.golden.registry import entity
from apps.mastering.explaining import STRATEGY_TITLES
from apps.mastering.models import OwnershipMatrix, OwnershipRule, SurvivorshipPolicy, SurvivorshipRule
from apps.matching.models import MatchRule
from apps.pipeline.models import Recomputation
from apps.pipeline.services import work_on_recomputation
from apps.sources.models import SourceRecord, SourceSystem
from apps.stewardship.models import ApprovalPolicy, ApprovalRule, Operation
from apps.stewardship.services.holding import policy_on
from tests.console.signing import page, press, signed_in, told
from tests.hub import account, live, master, only

pytestmark = pytest.mark.django_db


def active_cells(matrix: OwnershipMatrix) -> dict[str, str]:
    """Return the form fields of what a matrix says of customers."""
    rows = OwnershipRule.objects.filter(matrix=matrix, entity="customer")
    return {f"owners:{row.group}:{row.state}": ",".join(row.owners) for row in rows}


def drafted() -> OwnershipMatrix:
    first = OwnershipMatrix.objects.get(status="active")
    told(signed_in(Role.STEWARD), "ownership", act="draft", row=first.pk, note="ERP first")
    return OwnershipMatrix.objects.get(status="draft")


def test_a_cell_of_a_draft_is_edited_and_decides_once_it_is_active() -> None:
    steward, draft = signed_in(Role.STEWARD), drafted()
    form = active_cells(draft) | {"owners:contact:*": "erp,crm", "others:contact:*": "shadow"}
    said = told(steward, "ownership", act="save", row=draft.pk, entity="customer", **form)
    assert said == ["Saved: 1 cell of customer changed."]
    cell = OwnershipRule.objects.get(matrix=draft, entity="customer", group="contact", state="*")
    assert (cell.owners, cell.others) == (["erp", "crm"], "shadow")
    assert "erp" in page(steward, "ownership", version=str(draft.version))
    [said] = told(steward, "ownership", act="activate", row=draft.pk)
    assert said.startswith("Nobody activates rules that he wrote")
    told(signed_in(Role.DATA_OWNER), "ownership", act="activate", row=draft.pk)
    assert OwnershipMatrix.objects.get(status="active") == draft
    assert AuditEvent.objects.get(verb="activate ownership", subject__contains="v2").actor == "the-data-owner"


def test_an_active_version_and_unknown_owners_are_refused() -> None:
    steward, active = signed_in(Role.STEWARD), OwnershipMatrix.objects.get(status="active")
    form = active_cells(active)
    [said] = told(steward, "ownership", act="save", row=active.pk, entity="customer", **form)
    assert said.startswith("Only a draft can be edited")
    draft = drafted()
    form["owners:contact:*"] = "crm,oracle"
    [said] = told(steward, "ownership", act="save", row=draft.pk, entity="customer", **form)
    assert "contact, *: oracle is not known" in said
    rows = OwnershipRule.objects.filter(matrix=draft, entity="customer", group="contact")
    assert [row.owners for row in rows] == [["crm", "erp", "psa"]]


def test_rolling_back_brings_the_earlier_version_back() -> None:
    first, draft = OwnershipMatrix.objects.get(status="active"), drafted()
    told(signed_in(Role.DATA_OWNER), "ownership", act="activate", row=draft.pk)
    assert OwnershipMatrix.objects.get(status="active") == draft
    told(signed_in(Role.STEWARD), "ownership", act="activate", row=first.pk)
    assert OwnershipMatrix.objects.get(status="active") == first


def test_applying_the_matrix_computes_every_record_of_the_entity_again() -> None:
    master("salesforce.accounts", account("A1", "Acme"), account("A2", "Beta"))
    [said] = told(signed_in(Role.STEWARD), "ownership", query="?entity=customer", act="apply")
    assert said.startswith("2 golden records (customers) are computed again")
    run = only(Recomputation.objects.all())
    assert (run.status, run.entities, run.total) == ("queued", ["customer"], 2)
    assert SourceRecord.objects.filter(pending_since__isnull=False).count() == 0
    assert "all customers by the active rules" in page(signed_in(Role.STEWARD), "ownership")


def test_a_recomputation_is_watched_cancelled_and_resumed() -> None:
    master("salesforce.accounts", account("A1", "Acme"), account("A2", "Beta"))
    told(signed_in(Role.STEWARD), "survivorship", query="?entity=customer", act="apply")
    run, admin = only(Recomputation.objects.all()), signed_in(Role.ADMINISTRATOR)
    assert "0 of 2" in page(admin, "recomputations")
    assert press(signed_in(Role.STEWARD), "recomputations", act="cancel", run=run.pk).status_code == 403
    assert told(admin, "recomputations", act="cancel", run=run.pk)[0].startswith("Cancelled after 0")
    assert work_on_recomputation() is None
    assert told(admin, "recomputations", act="resume", run=run.pk) == ["It goes on at 0 of 2."]
    done = work_on_recomputation()
    assert done is not None
    assert (done.status, done.done, done.changed) == ("done", 2, 0)
    assert "2 of 2" in page(admin, "recomputations")


def test_a_draft_of_survivorship_shows_what_differs_value_by_value() -> None:
    steward, first = signed_in(Role.STEWARD), SurvivorshipPolicy.objects.get(status="active")
    told(steward, "survivorship", act="draft", row=first.pk, note="newest")
    draft = SurvivorshipPolicy.objects.get(status="draft")
    assert survivorship_changes(first, draft) == []
    SurvivorshipRule.objects.filter(policy=draft, entity="customer", group="contact").update(
        strategies=["recency", "stable"], whole=True, trust={"salesforce": [90, 180]}
    )
    found = [(each.what, each.before, each.after) for each in survivorship_changes(first, draft)]
    order = SurvivorshipRule.objects.get(policy=first, entity="customer", group="contact").strategies
    assert found == [
        ("strategies", named(order), named(["recency", "stable"])),
        ("survives", "each attribute by itself", "whole, from one contributor"),
        ("trust in salesforce", "", "90, half of it after 180 days"),
    ]
    shown = page(steward, "survivorship", version=str(draft.version))
    assert "3 values differ from the active version" in shown
    assert "half of it after 180 days" in shown
    assert "differ from the active version" not in page(steward, "survivorship", version="1")


def named(order: list[str]) -> str:
    return " › ".join(STRATEGY_TITLES[name] for name in order)


def test_merges_and_unmerges_are_held_by_a_policy_like_groups() -> None:
    steward, first = signed_in(Role.STEWARD), ApprovalPolicy.objects.get(status="active")
    told(steward, "policies", act="draft", row=first.pk, note="")
    draft = ApprovalPolicy.objects.get(status="draft")
    form = {"held:merge": "1", "states:merge": ["active"], "hours:merge": "4"}
    said = told(steward, "policies", act="save", row=draft.pk, entity="customer", **form)
    assert said[0].startswith("Saved:")
    rule = ApprovalRule.objects.get(policy=draft, entity="customer", group="merge")
    assert (rule.states, rule.due_hours) == (["active"], 4)
    shown = page(steward, "policies", version=str(draft.version), entity="customer")
    assert "become one, by a person" in shown
    told(signed_in(Role.DATA_OWNER), "policies", act="activate", row=draft.pk)
    master("salesforce.accounts", account("A1", "Acme", Status__c="Active"), account("A2", "Borealis"))
    spec, ids = entity("customer"), live("customer")
    assert policy_on(spec, Operation.MERGE, ids) == (True, 4)
    assert policy_on(spec, Operation.UNMERGE, ids)[0] is False


def test_a_policy_draft_holds_the_groups_that_were_ticked() -> None:
    steward, first = signed_in(Role.STEWARD), ApprovalPolicy.objects.get(status="active")
    told(steward, "policies", act="draft", row=first.pk, note="")
    draft = ApprovalPolicy.objects.get(status="draft")
    form = {"held:contact": "1", "states:contact": ["active", "hold"], "hours:contact": "8"}
    told(steward, "policies", act="save", row=draft.pk, entity="customer", **form)
    rule = only(ApprovalRule.objects.filter(policy=draft, entity="customer"))
    assert (rule.group, rule.states, rule.due_hours) == ("contact", ["active", "hold"], 8)
    form["hours:contact"] = "soon"
    [said] = told(steward, "policies", act="save", row=draft.pk, entity="customer", **form)
    assert "whole number of hours" in said
    assert "8 hours" in page(signed_in(Role.VIEWER), "policies", version=str(draft.version))


@pytest.mark.parametrize("name", ["ownership", "policies", "match_rules", "schedules", "systems"])
def test_viewers_read_rules_and_change_none(name: str) -> None:
    viewer = signed_in(Role.VIEWER)
    page(viewer, name)
    acts = {"match_rules": "thresholds", "schedules": "switch", "systems": "save"}
    assert press(viewer, name, act=acts.get(name, "activate"), row="1", job="1").status_code == 403


def test_thresholds_become_a_draft_and_wrong_ones_a_message() -> None:
    steward = signed_in(Role.STEWARD)
    form = {"act": "thresholds", "entity": "customer", "note": "stricter"}
    [said] = told(steward, "match_rules", match="20", review="80", **form)
    assert "0 < review < match < 1" in said
    told(steward, "match_rules", match="92.5", review="30", **form)
    draft = MatchRule.objects.get(entity="customer", status="draft")
    assert (draft.config["match_threshold"], draft.config["review_threshold"]) == (0.925, 0.3)
    [said] = told(steward, "match_rules", act="activate", row=draft.pk)
    assert said.startswith("Nobody activates a match rule that he wrote")
    told(signed_in(Role.DATA_OWNER), "match_rules", act="activate", row=draft.pk)
    draft.refresh_from_db()
    assert draft.is_active


def layout_text() -> str:
    return Mapping.objects.get(name="salesforce.accounts", status="active").text


def test_a_faulty_document_is_shown_again_with_its_line() -> None:
    text = layout_text().replace("do: [lower]}", "do: [lowr]}", 1)
    answer = press(signed_in(Role.STEWARD), "mapping", "salesforce.accounts", act="draft", text=text)
    html = answer.content.decode()
    line = next(at for at, each in enumerate(text.splitlines(), start=1) if "lowr" in each)
    assert f'<span id="line-{line}" class="bad">' in html
    assert "there is no transform &#x27;lowr&#x27;" in html
    assert "do: [lowr]}" in html
    assert Mapping.objects.filter(name="salesforce.accounts").count() == 1


def test_a_document_is_drafted_compared_activated_and_rolled_back() -> None:
    steward = signed_in(Role.STEWARD)
    text = layout_text().replace("phone: Phone", "phone: Mobile__c")
    told(steward, "mapping", "salesforce.accounts", act="draft", text=text, note="mobile")
    first, second = Mapping.objects.filter(name="salesforce.accounts").order_by("version")
    html = page(steward, "mapping", "salesforce.accounts", version="2")
    assert "What v2 changes against v1, the one in force" in html
    assert html.count('<div class="old">') == html.count('<div class="new">') == 1
    [said] = told(steward, "mapping", "salesforce.accounts", act="activate", row=second.pk)
    assert said.startswith("Nobody activates a mapping that he wrote")
    told(signed_in(Role.DATA_OWNER), "mapping", "salesforce.accounts", act="activate", row=second.pk)
    second.refresh_from_db()
    assert second.is_active
    told(steward, "mapping", "salesforce.accounts", act="activate", row=first.pk)
    first.refresh_from_db()
    assert first.is_active


def test_a_new_document_names_itself() -> None:
    record = "  - entity: customer\n    key: id\n    fields: {legal_name: name}\n"
    text = f"layout: erp9.customers\nsystem: erp9\nrecords:\n{record}"
    steward = signed_in(Role.STEWARD)
    told(steward, "mapping_new", act="draft", text=text, note="")
    assert Mapping.objects.get(name="erp9.customers").status == "draft"
    assert "erp9.customers" in page(steward, "mappings")
    viewer = signed_in(Role.VIEWER)
    assert press(viewer, "mapping", "erp9.customers", act="draft", text=text).status_code == 403


def test_places_in_a_document_lead_to_lines() -> None:
    text = "layout: a.b\nrecords:\n  - entity: customer\n    fields:\n      name: Name\n"
    assert line_of(text, "line 4") == 4
    assert line_of(text, "records[0].fields.name") == 5
    assert line_of(text, "records[0].key") == 3
    assert line_of(text, "") == 0
    assert line_of("a: [", "records") == 0


def test_a_difference_is_shown_with_three_lines_around() -> None:
    old = "\n".join(str(n) for n in range(20))
    kinds = [line.kind for line in diff_lines(old, old.replace("\n10\n", "\nten\n"))]
    assert kinds == ["gap", *["same"] * 3, "old", "new", *["same"] * 3]
    assert diff_lines(old, old) == []


def test_a_source_system_is_saved_through_its_service() -> None:
    steward = signed_in(Role.STEWARD)
    form = {"act": "save", "code": "erp9", "name": "ERP nine", "role": "erp", "active": "1"}
    assert told(steward, "systems", **form) == ["ERP nine is saved."]
    assert SourceSystem.objects.get(code="erp9").history.count() == 1
    [said] = told(steward, "systems", **{**form, "role": "pope"})
    assert said.startswith("The source system cannot be saved like this")
