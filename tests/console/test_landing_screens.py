"""Rejected rows and loads: who sees what, corrections and replays, and what the message says."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.roles import Role
from apps.console.landing.rejected import outcome_words
from apps.console.landing.rejected_row import is_faulty, value_of
from apps.sources.contracts import Counts
from apps.sources.models import Load, RejectedRow, SourceRecord
from apps.sources.services import land_posted
from tests.console.signing import page, press, signed_in, told
from tests.hub import NOW, account, land, master, only

pytestmark = pytest.mark.django_db

EMPTY_KEY = account("", "Nameless Ltd")
WORKER = {"Employee_ID": "W1", "Legal_Name": "Secret Person", "Hire_Date": "n/a", "Worker_Type": "Employee"}


@pytest.fixture
def rejected() -> RejectedRow:
    land("salesforce.accounts", EMPTY_KEY)
    return only(RejectedRow.objects.all())


def test_a_row_corrected_in_the_form_is_landed_and_the_message_says_so(rejected: RejectedRow) -> None:
    steward = signed_in(Role.STEWARD)
    form = {"column:Id": "A9", "column:Name": "Nameless Ltd", "act": "correct"}
    assert told(steward, "rejected_row", rejected.pk, **form) == ["1 row replayed: 1 new."]
    assert SourceRecord.objects.get(key="A9").raw["Name"] == "Nameless Ltd"
    rejected.refresh_from_db()
    assert (rejected.status, rejected.resolved_by) == ("replayed", "the-steward")
    assert rejected.corrected["Id"] == "A9"


def test_the_faulty_column_comes_first_and_is_marked(rejected: RejectedRow) -> None:
    html = page(signed_in(Role.STEWARD), "rejected_row", rejected.pk)
    assert html.index('name="column:Id"') < html.index('name="column:Name"')
    assert html.count("at fault") == 1


def test_a_row_replayed_as_it_came_is_rejected_again(rejected: RejectedRow) -> None:
    steward = signed_in(Role.STEWARD)
    assert told(steward, "rejected_rows", act="replay", row=[rejected.pk]) == [
        "1 row replayed: 1 rejected again."
    ]
    assert sorted(RejectedRow.objects.values_list("status", flat=True)) == ["open", "replayed"]


def test_bulk_replay_takes_rows_of_several_layouts(rejected: RejectedRow) -> None:
    land("workday.workers", WORKER)
    rows = [str(pk) for pk in RejectedRow.objects.values_list("pk", flat=True)]
    assert len(rows) == 2
    said = told(signed_in(Role.STEWARD), "rejected_rows", act="replay", row=rows)
    assert said == ["2 rows replayed: 2 rejected again."]


def test_replay_of_all_that_a_filter_shows_leaves_the_rest_alone(rejected: RejectedRow) -> None:
    land("workday.workers", WORKER)
    told(signed_in(Role.STEWARD), "rejected_rows", query="?layout=workday.workers", act="replay_all")
    replayed = RejectedRow.objects.filter(status="replayed")
    assert [row.load.layout for row in replayed] == ["workday.workers"]


def test_a_second_replay_is_refused_with_the_reason(rejected: RejectedRow) -> None:
    steward = signed_in(Role.STEWARD)
    told(steward, "rejected_row", rejected.pk, act="dismiss")
    [said] = told(steward, "rejected_row", rejected.pk, act="replay")
    assert "Only open rejected rows can be replayed" in said
    assert Load.objects.count() == 1


def test_a_viewer_can_do_nothing_and_sees_no_value(rejected: RejectedRow) -> None:
    viewer = signed_in(Role.VIEWER)
    land("workday.workers", WORKER)
    row = RejectedRow.objects.get(load__layout="workday.workers")
    html = page(viewer, "rejected_row", row.pk) + page(viewer, "rejected_rows")
    assert "Secret Person" not in html
    assert row.reason not in html
    assert press(viewer, "rejected_row", row.pk, act="dismiss").status_code == 403
    assert press(viewer, "rejected_rows", act="replay", row=[str(row.pk)]).status_code == 403
    row.refresh_from_db()
    assert row.status == "open"


def test_nobody_signed_in_is_sent_to_the_sign_in_page(client: object) -> None:
    answer = client.get(reverse("admin:rejected_rows"))  # type: ignore[attr-defined] # pytest-django's client
    assert (answer.status_code, answer.url) == (302, f"{reverse('admin:login')}?next=/admin/rejected/")


def test_an_unknown_act_is_a_bad_request(rejected: RejectedRow) -> None:
    assert press(signed_in(Role.STEWARD), "rejected_row", rejected.pk, act="explode").status_code == 400


def test_statements_of_the_lists_do_not_grow_with_the_rows() -> None:
    steward = signed_in(Role.STEWARD)

    def statements(name: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            page(steward, name)
        return len(queries)

    land("salesforce.accounts", EMPTY_KEY)
    few = statements("rejected_rows"), statements("loads")
    for _ in range(5):
        land("salesforce.accounts", *[account("", f"Nameless {n}") for n in range(4)])
    assert (statements("rejected_rows"), statements("loads")) == few


def test_the_page_of_a_load_masks_names_of_people_and_counts_reasons() -> None:
    master("workday.workers", {**WORKER, "Hire_Date": "2020-01-06"})
    load, _ = only([(row, 1) for row in Load.objects.all()])
    assert "Secret Person" in page(signed_in(Role.STEWARD), "load", load.pk)
    assert "Secret Person" not in page(signed_in(Role.VIEWER), "load", load.pk)


def test_loads_can_be_narrowed_to_one_system() -> None:
    land("salesforce.accounts", account("A1", "Acme"))
    land_posted(layout_name="workday.workers", records=[WORKER], mode="full", origin="people.csv", now=NOW)
    html = page(signed_in(Role.VIEWER), "loads", system="workday")
    assert "people.csv" in html
    assert "salesforce.accounts" not in html


def test_waiting_references_say_who_waits_for_what() -> None:
    master("salesforce.accounts", account("A2", "Child Ltd", ParentId="A1"))
    html = page(signed_in(Role.VIEWER), "waiting_references")
    assert "customer A2" in html
    assert ">A1</a>" in html
    master("salesforce.accounts", account("A1", "Parent Ltd"))
    assert "Nothing is missing." in page(signed_in(Role.VIEWER), "waiting_references")


def test_outcomes_in_words() -> None:
    assert outcome_words(Counts(rows=3, new=1, rejected=2)) == "3 rows replayed: 1 new, 2 rejected again."
    assert outcome_words(Counts(rows=1)) == "1 row replayed: nothing came of it."


def test_untouched_values_keep_their_type() -> None:
    assert value_of("12", 12) == 12
    assert value_of("", None) is None
    assert value_of("13", 12) == 13
    assert value_of("0012", "12") == "0012"
    assert value_of("twelve", 12) == "twelve"
    assert value_of('{"a": 2}', {"a": 1}) == {"a": 2}


def test_a_problem_may_name_several_columns_and_places_inside_them() -> None:
    assert is_faulty("Signed_On", "Signed_On, CloseDate")
    assert is_faulty("lines", "lines[0].net")
    assert not is_faulty("Sign", "Signed_On")
    assert not is_faulty("Name", "")
