"""A toy entity and drawn clusters, matrices and pins of it, for the laws of mastering."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from apps.golden.spec import Attribute, Collection, EntitySpec, Lifecycle, MatchSpec
from apps.mastering.engine.ownership import Cell, OwnedGroup, Ownership, Verdict
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.survivorship import PinnedValue

STATES = ("prospect", "active", "closed")
SPEC = EntitySpec(
    name="thing",
    model="thing.Thing",
    label="thing",
    plural="things",
    code_prefix="THG",
    title_attribute="name",
    attributes=(
        Attribute("name", group="name"),
        Attribute("nickname", group="name"),
        Attribute("phone", group="contact"),
        Attribute("status", group="status", choices=STATES),
    ),
    collections=(
        Collection(
            "addresses",
            "thing.Address",
            columns=(Attribute("kind"), Attribute("line1"), Attribute("city")),
            identity=("kind",),
        ),
    ),
    lifecycle=Lifecycle(states=STATES, initial="prospect", active=frozenset({"active"})),
    match=MatchSpec(strategy="fuzzy"),
)
PLAIN = ("name", "nickname", "phone")
ROLES = {"sf": "crm", "ns": "erp", "ce": "psa", "wd": "hris"}

text = st.sampled_from(["a", "b", "c", "d"])
items = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["bill_to", "ship_to"])}, optional={"line1": text, "city": text}
    ),
    max_size=2,
    unique_by=lambda item: item["kind"],
)
values = st.fixed_dictionaries(
    {},
    optional={
        "name": text, "nickname": text, "phone": text, "status": st.sampled_from([*STATES, "no state"]),
        "addresses": items,
    },
)  # fmt: skip


faults = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from([*PLAIN, "addresses"]), st.sampled_from([0.1, 0.3]), min_size=1),
)


@st.composite
def clusters(draw: st.DrawFn, *, faulty: bool = False) -> list[Contender]:
    members = draw(
        st.lists(
            st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from("123")),
            unique=True,
            min_size=1,
            max_size=5,
        )
    )
    return [
        Contender(
            id=f"{system}/{key}",
            system=system,
            role=ROLES[system],
            key=key,
            recency=draw(st.sampled_from([0.0, 10.0, 20.0])),
            values=draw(values),
            faults=draw(faults) if faulty else None,
        )
        for system, key in members
    ]


owner_lists = st.lists(st.sampled_from([*ROLES, *ROLES.values()]), unique=True, min_size=1, max_size=3).map(
    tuple
)
cells = st.dictionaries(
    st.tuples(
        st.just("thing"),
        st.sampled_from(["name", "contact", "status", "addresses"]),
        st.sampled_from(["*", *STATES]),
    ),
    st.tuples(owner_lists, st.sampled_from(Verdict)),
    max_size=6,
)


def matrix_of(drawn: Mapping[tuple[str, str, str], tuple[tuple[str, ...], Verdict]]) -> Ownership:
    cells = [
        Cell(entity, group, OwnedGroup(*cell), state=state) for (entity, group, state), cell in drawn.items()
    ]
    return Ownership(1, cells)


matrices = cells.map(matrix_of)
pin_values = st.dictionaries(st.sampled_from(PLAIN), st.one_of(st.none(), text), max_size=3)


def pins_of(pinned: Mapping[str, Any]) -> dict[str, PinnedValue]:
    return {name: PinnedValue(value, "stig", "agreed") for name, value in pinned.items()}
