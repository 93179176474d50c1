"""Explanations, review pairs and decisions over HTTP: typed, exact, and silent about what a role may not see."""

from uuid import UUID

import pytest

from apps.matching.models import CandidatePair, PairDecision
from apps.sources.models import SourceRecord
from tests.api.conftest import Caller
from tests.api.test_openapi import check_answer
from tests.console.golden import WORKER, shared_customer, single_customer
from tests.hub import NOW, home_of, live, master, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def open_pair(entity: str, *keys: str) -> CandidatePair:
    left, right = sorted(
        SourceRecord.objects.filter(entity=entity, key__in=keys).values_list("pk", flat=True)
    )
    return CandidatePair.objects.create(
        entity=entity, left_id=left, right_id=right, probability=0.6, weight=0.6, rule_version=1, status="open",
        found_at=NOW,
        evidence=[{"attribute": "name", "left": ["a", None], "right": ["b", None], "level": 7, "weight": 6}],
    )  # fmt: skip


def test_any_two_records_are_explained_to_the_bit(steward: Caller) -> None:
    record, other = shared_customer(), single_customer("A3", "Zephyr Mills plc")
    answer = steward.get("customers/explain?a=salesforce:A1&b=netsuite:77")
    check_answer(answer, "/api/v1/customers/explain")
    pair = answer.json()["pair"]
    added = pair["prior"] + sum(each["contribution"] for each in pair["attributes"]) + pair["correction"]
    assert pair["total"] == pytest.approx(added, abs=1e-4)
    assert (pair["band"], pair["together"], pair["compared"]) == ("MATCH", True, True)
    name = next(each for each in pair["attributes"] if each["attribute"] == "name")
    assert (name["kind"], name["level"], name["masked"]) == ("equal", 9, False)
    golden = steward.get(f"customers/explain?a={record}&b={other}").json()
    assert (golden["together"], golden["pair"]["band"], len(golden["lines"])) == (False, "NO_MATCH", 2)
    assert golden["pair"]["reasons"][0]["code"] == "never_compared"
    assert steward.get("customers/explain?a=salesforce:A1&b=netsuite:77&version=1").json() == answer.json()


def test_a_golden_record_tells_what_holds_it(steward: Caller) -> None:
    record = shared_customer()
    answer = steward.get(f"customers/{record}/explain")
    check_answer(answer, "/api/v1/customers/{record_id}/explain")
    told = answer.json()
    assert [each["record"]["key"] for each in told["members"]] == ["77", "A1"]
    assert (len(told["edges"]), told["weakest"]["basis"]) == (1, "evidence")
    assert told["weakest"]["sides"] == [["netsuite:77"], ["salesforce:A1"]]


def test_what_cannot_be_explained_is_a_problem(steward: Caller) -> None:
    record = shared_customer()
    assert steward.get(f"customers/explain?a={record}&b=salesforce:none").status_code == 404
    assert steward.get(f"customers/explain?a={record}&b={record}").status_code == 422
    assert steward.get(f"customers/explain?a={record}").status_code == 400
    assert steward.get("customers/explain?a=salesforce:A1&b=netsuite:77&version=99").status_code == 409


def test_viewers_learn_nothing_of_personal_values(viewer: Caller, steward: Caller) -> None:
    master("workday.workers", WORKER)
    master("workday.workers", {**WORKER, "Employee_ID": "W2", "Work_Email": "someone.else@firm.example"})
    path = "resources/explain?a=workday:W1&b=workday:W2"
    answer = viewer.get(path)
    check_answer(answer, "/api/v1/resources/explain")
    text = answer.content.decode().casefold()
    assert not [secret for secret in ("quartermaine", "ophelia", "7946", "firm.example") if secret in text]
    pair = answer.json()["pair"]
    assert (pair["total"], pair["probability"], pair["alternatives"]) == (None, None, [])
    assert pair["band"] == steward.get(path).json()["pair"]["band"]
    assert steward.get(path).json()["pair"]["total"] is not None


def test_values_cannot_be_probed_by_likeness(viewer: Caller, steward: Caller) -> None:
    master("workday.workers", WORKER)
    right = {"email": "ophelia.quartermaine@firm.example", "kind": "employee"}
    wrong = {"email": "nobody@elsewhere.example", "kind": "employee"}
    answers = [
        viewer.post("resources/match", {"attributes": asked, "thorough": True}) for asked in (right, wrong)
    ]
    check_answer(answers[0], "/api/v1/resources/match", "post")
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["ignored"] == ["email"]
    alone = viewer.post("resources/match", {"attributes": {"email": right["email"]}})
    assert (alone.status_code, alone.json()["code"]) == (403, "denied")
    seen = steward.post("resources/match", {"attributes": {"email": right["email"]}}).json()
    assert (len(seen["results"]), seen["ignored"]) == (1, [])


def test_pairs_are_listed_answered_and_taken_back(steward: Caller, viewer: Caller) -> None:
    single_customer("A2", "Quantock Advisory Ltd")
    single_customer("A3", "Zephyr Mills plc")
    pair = open_pair("customer", "A2", "A3")
    listed = viewer.get("customers/pairs")
    check_answer(listed, "/api/v1/customers/pairs")
    [row] = listed.json()["results"]
    assert {row["left"]["key"], row["right"]["key"]} == {"A2", "A3"}
    assert (row["id"], row["probability"], row["status"]) == (str(pair.pk), 0.6, "open")
    path = f"customers/pairs/{pair.pk}/decide"
    assert viewer.post(path, {"verdict": "never"}).status_code == 403
    assert steward.post(path, {"verdict": "maybe"}).status_code == 422
    answered = steward.post(path, {"verdict": "never", "reason": "two firms"})
    check_answer(answered, "/api/v1/customers/pairs/{pair_id}/decide", "post")
    assert (answered.json()["pair"]["status"], answered.json()["record_id"]) == ("not_match", None)
    assert steward.post(path, {"verdict": "match"}).status_code == 409
    decisions = viewer.get("customers/decisions")
    check_answer(decisions, "/api/v1/customers/decisions")
    [decision] = decisions.json()["results"]
    assert (decision["verdict"], decision["reason"], decision["rule_version"]) == ("never", "two firms", 1)
    back = steward.post(f"customers/decisions/{decision['id']}/withdraw", {"reason": "one after all"})
    assert back.status_code == 204
    assert viewer.get("customers/decisions").json()["results"] == []
    assert len(viewer.get("customers/decisions?withdrawn=true").json()["results"]) == 1
    assert CandidatePair.objects.get(pk=pair.pk).status == "open"
    merged = steward.post(path, {"verdict": "match", "reason": "bought"}).json()
    assert UUID(merged["record_id"]) == home_of("salesforce", "customer", "A2") == live("customer")[0]


def test_pairs_of_another_entity_are_not_found(steward: Caller) -> None:
    single_customer("A2", "Quantock Advisory Ltd")
    single_customer("A3", "Zephyr Mills plc")
    pair = open_pair("customer", "A2", "A3")
    assert steward.post(f"resources/pairs/{pair.pk}/decide", {"verdict": "never"}).status_code == 404
    assert not PairDecision.objects.exists()


def test_the_strength_of_pairs_of_people_is_masked(viewer: Caller) -> None:
    master(
        "workday.workers",
        WORKER,
        {
            **WORKER,
            "Employee_ID": "W2",
            "Work_Email": "x.y@firm.example",
            "Legal_Last_Name": "Zed",
            "Legal_Name": "Bo Zed",
        },
    )
    CandidatePair.objects.all().delete()
    open_pair("resource", "W1", "W2")
    [row] = viewer.get("resources/pairs").json()["results"]
    assert (row["probability"], row["weight"], row["worth"], row["stakes"]) == (None, None, None, None)
