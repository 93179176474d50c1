"""Rules on what a record must hold, and which values are known."""

from collections.abc import Iterator

from apps.golden.spec import Attribute, Collection, EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule
from apps.quality.rules.reading import Values, issue_at, items_of


@rule("required_attributes", at_source="info")
def required_attributes(spec: EntitySpec) -> RuleCheck | None:
    """Attributes and collections that every record must have."""
    parts: list[Attribute | Collection] = [*spec.attributes, *spec.collections]
    wanted = [part for part in parts if part.required == "always"]

    def check(values: Values) -> Iterator[Issue]:
        for part in wanted:
            if values.get(part.name) in (None, "", []):
                yield issue_at(part.name, "required.missing", "block", f"Every record needs: {part.title}.")

    return check if wanted else None


@rule("required_before_active", at_source="info")
def required_before_active(spec: EntitySpec) -> RuleCheck | None:
    """What a record must have before it becomes active, kinds of items included."""
    parts: list[Attribute | Collection] = [*spec.attributes, *spec.collections]
    wanted = [part for part in parts if part.required == "active"]
    kinds = [(c, c.identity[0], kind) for c in spec.collections for kind in c.required_kinds]
    active = spec.lifecycle.active

    def check(values: Values) -> Iterator[Issue]:
        if values.get("status") not in active:
            return
        for part in wanted:
            if values.get(part.name) in (None, "", []):
                text = f"An active record needs: {part.title}."
                yield issue_at(part.name, "required.before_active", "block", text)
        for collection, column, kind in kinds:
            items = items_of(values, collection.name)
            if items and not any(item.get(column) == kind for item in items):
                text = f"An active record needs {collection.title} of kind {kind}."
                yield issue_at(collection.name, "required.before_active", "block", text, kind)

    return check


@rule("required_columns", at_source="info")
def required_columns(spec: EntitySpec) -> RuleCheck | None:
    """Columns every item must have, and those it must have in an active record."""
    wanted = [
        (c.name, column) for c in spec.collections for column in c.columns if column.required != "never"
    ]
    active, collections = spec.lifecycle.active, {name for name, _ in wanted}

    def check(values: Values) -> Iterator[Issue]:
        is_active = values.get("status") in active
        items = {name: items_of(values, name) for name in collections}
        for name, column in wanted:
            if column.required == "active" and not is_active:
                continue
            for number, item in enumerate(items[name]):
                if item.get(column.name) in (None, ""):
                    path = f"{name}[{number}].{column.name}"
                    yield issue_at(path, "required.column", "block", f"Each of {name} needs: {column.title}.")

    return check if wanted else None


@rule("known_choices")
def known_choices(spec: EntitySpec) -> RuleCheck | None:
    """Values of closed lists are on the list."""
    closed = [a for a in spec.attributes if a.choices]

    def check(values: Values) -> Iterator[Issue]:
        for attribute in closed:
            value = values.get(attribute.name)
            if value is not None and value not in attribute.choices:
                yield issue_at(attribute.name, "choice.unknown", "block", "Not on the list of values.", value)

    return check if closed else None


@rule("has_strong_identifier", always=False)
def has_strong_identifier(spec: EntitySpec) -> RuleCheck | None:
    """At least one number or name that no other record shares."""
    strong = ("tax_ids", "duns", "lei", "registration_no", "domain", "email", "worker_id")

    def check(values: Values) -> Iterator[Issue]:
        if not any(values.get(name) for name in strong):
            text = "No number, domain or mailbox tells this record from others of its name."
            yield issue_at(spec.title_attribute, "identity.weak", "warn", text)

    return check


@rule("is_contactable", always=False, at_source="info")
def is_contactable(spec: EntitySpec) -> RuleCheck | None:
    """There is a way to reach the record: phone, mailbox or a contact with one."""

    def check(values: Values) -> Iterator[Issue]:
        reachable = values.get("phone") or values.get("email")
        contacts = items_of(values, "contacts")
        if not reachable and not any(item.get("email") or item.get("phone") for item in contacts):
            yield issue_at("contacts", "contact.missing", "warn", "No phone and no mailbox.")

    return check
