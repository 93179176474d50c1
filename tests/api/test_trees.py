"""Trees: depth first from the ultimate parent, amounts added up, names of people masked."""

from collections.abc import Callable

from tests.api.conftest import Caller, write


def test_the_tree_of_a_record_adds_up_by_currency(
    systems: None, steward: Caller, caller: Callable[..., Caller]
) -> None:
    top = write("customer", {"legal_name": "Acme Group", "status": "active"})
    west = write("customer", {"legal_name": "Acme West", "status": "active", "parent": str(top)})
    money = {"current_value": "100.50", "currency": "EUR", "status": "active"}
    write("engagement", {"name": "Roll-out", "customer": str(west), **money})

    tree = steward.get(f"customers/{west}/tree?on=2026-03-01").json()

    assert (tree["root"], tree["kind"], tree["on"], tree["cut"]) == (str(top), "legal", "2026-03-01", False)
    assert [(node["title"], node["depth"], node["parent"]) for node in tree["nodes"]] == [
        ("Acme Group", 0, None),
        ("Acme West", 1, str(top)),
    ]
    assert tree["nodes"][0]["own"] == {}
    assert tree["nodes"][0]["total"] == {"contract value": {"EUR": "100.50"}}
    assert steward.get(f"customers/{west}/tree?kind=family").status_code == 400
    assert caller().get(f"customers/{west}/tree").status_code == 403


def test_names_of_people_in_a_tree_are_masked(systems: None, viewer: Caller) -> None:
    boss = write("resource", {"name": "Ada Byron", "status": "active"})

    tree = viewer.get(f"resources/{boss}/tree").json()

    assert [(node["id"], node["title"]) for node in tree["nodes"]] == [(str(boss), None)]


def test_a_tree_of_another_entity_tells_nothing_of_a_person(systems: None, viewer: Caller) -> None:
    boss = write("resource", {"name": "Ada Byron", "status": "active"})

    answer = viewer.get(f"customers/{boss}/tree")

    assert answer.status_code == 404
    assert answer.json()["code"] == "no_trees"
    assert "Ada Byron" not in answer.text
