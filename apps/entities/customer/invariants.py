"""What a customer must agree with in its invoices and its tree (invariants 11 and 13)."""

from apps.stewardship.invariants import invariant

OWN = "SELECT unnest(%(ids)s::uuid[])"
_LIVE = """
    FROM customer_customer c JOIN golden_goldenrecord g ON g.id = c.record_id AND g.status = 'live'
"""


@invariant(
    number=11,
    entity="customer",
    subject="c.record_id",
    reach={
        "customer": OWN,
        "invoice": "SELECT bill_to_id FROM invoice_invoice WHERE record_id = ANY(%(ids)s)",
    },
    owner="finance",
)
def closed_customer_owes_nothing() -> str:
    """A customer is not closed while an invoice is open."""
    return f"""
    SELECT c.record_id, i.currency, 'It is closed and owes ' || sum(i.balance) || ' ' || i.currency || '.',
        sum(i.balance),
        i.currency
    {_LIVE} JOIN invoice_invoice i ON i.bill_to_id = c.record_id AND i.kind <> 'credit_note'
        AND i.status IN ('issued', 'part_paid', 'disputed')
    JOIN golden_goldenrecord ig ON ig.id = i.record_id AND ig.status = 'live'
    WHERE {{subjects}} AND c.status = 'closed' GROUP BY c.record_id, i.currency HAVING sum(i.balance) > 0
    """


@invariant(
    number=13,
    entity="customer",
    subject="c.record_id",
    reach={
        "customer": "SELECT unnest(%(ids)s::uuid[]) UNION SELECT record_id FROM customer_customer"
        " WHERE parent_id = ANY(%(ids)s) UNION SELECT record_id FROM customer_customerparent"
        " WHERE parent_id = ANY(%(ids)s)"
    },
    owner="sales",
    severity="warn",
)
def parent_is_in_business() -> str:
    """A customer in business does not stand under one that is closed."""
    return f"""
    SELECT c.record_id, tree.kind, 'In the ' || tree.kind
        || ' tree it stands under a customer that is closed.', NULL::numeric,
        NULL
    {_LIVE} CROSS JOIN (VALUES ('legal'), ('commercial'), ('billing')) AS tree (kind)
    CROSS JOIN LATERAL customer_places(c.record_id, tree.kind) AS place
    JOIN customer_customer p ON p.record_id = place.parent
    WHERE {{subjects}} AND (c.parent_id IS NOT NULL
            OR EXISTS (SELECT 1 FROM customer_customerparent d WHERE d.record_id = c.record_id))
        AND place.days @> current_date AND p.status = 'closed' AND c.status IN ('active', 'onboarding')
    """
