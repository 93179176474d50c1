"""What an invoice must agree with in the records it refers to (invariants 1, 3, 4 and 9)."""

from apps.stewardship.invariants import invariant

REACH = {
    "invoice": "SELECT unnest(%(ids)s::uuid[])",
    "engagement": "SELECT record_id FROM invoice_invoice WHERE engagement_id = ANY(%(ids)s)",
    "project": "SELECT record_id FROM invoice_invoiceline WHERE project_id = ANY(%(ids)s)",
}
_LIVE = """
    FROM invoice_invoice i JOIN golden_goldenrecord g ON g.id = i.record_id AND g.status = 'live'
    JOIN engagement_engagement e ON e.record_id = i.engagement_id
"""


@invariant(number=1, entity="invoice", subject="i.record_id", reach=REACH, owner="finance")
def invoice_lines_belong_to_the_engagement() -> str:
    """Every line of an invoice bills a project of the invoice's engagement."""
    return f"""
    SELECT i.record_id, l.number::text, 'Line ' || l.number || ' bills a project of another engagement.',
        l.net, i.currency
    {_LIVE}
    JOIN invoice_invoiceline l ON l.record_id = i.record_id
    JOIN project_project p ON p.record_id = l.project_id
    WHERE {{subjects}} AND p.engagement_id <> i.engagement_id
    """


@invariant(
    number=1,
    entity="invoice",
    subject="i.record_id",
    reach={
        **REACH,
        "customer": "SELECT record_id FROM invoice_invoice WHERE bill_to_id = ANY(%(ids)s) UNION SELECT i.record_id"
        " FROM invoice_invoice i JOIN engagement_engagement e ON e.record_id = i.engagement_id"
        " WHERE e.customer_id = ANY(%(ids)s)",
    },
    owner="finance",
)
def invoice_bills_the_customer_or_kin() -> str:
    """An invoice is billed to the engagement's customer or to one of the same billing tree."""
    return f"""
    SELECT i.record_id, '', 'Billed to a customer that is neither the engagement''s nor of its billing tree.',
        i.gross,
        i.currency
    {_LIVE}
    WHERE {{subjects}} AND i.bill_to_id <> e.customer_id
        AND customer_top(i.bill_to_id, 'billing', coalesce(i.issued_on, current_date))
            <> customer_top(e.customer_id, 'billing', coalesce(i.issued_on, current_date))
    """


@invariant(number=3, entity="invoice", subject="i.record_id", reach=REACH, owner="finance")
def invoice_is_of_the_selling_entity() -> str:
    """An invoice is issued by the legal entity that sold, or by one that delivers a project it bills."""
    return f"""
    SELECT i.record_id, '', 'Issued by ' || i.legal_entity || ', sold by ' || e.selling_entity || '.', i.gross,
        i.currency
    {_LIVE}
    WHERE {{subjects}} AND i.legal_entity <> e.selling_entity AND NOT EXISTS (
        SELECT 1 FROM invoice_invoiceline l JOIN project_project p ON p.record_id = l.project_id
        WHERE l.record_id = i.record_id AND i.legal_entity IN (p.selling_entity, p.delivery_entity))
    """


@invariant(number=4, entity="invoice", subject="i.record_id", reach=REACH, owner="finance")
def invoice_is_in_the_currency_of_the_engagement() -> str:
    """An invoice is in the engagement's currency, unless it states a rate of exchange."""
    return f"""
    SELECT i.record_id, '', 'In ' || i.currency || ' without a rate; the engagement is in ' || e.currency
        || '.', i.gross,
        i.currency
    {_LIVE}
    WHERE {{subjects}} AND i.currency <> e.currency AND coalesce(i.fx_rate, 1) = 1
    """


@invariant(
    number=9,
    entity="invoice",
    subject="i.record_id",
    reach={"invoice": REACH["invoice"]},
    owner="finance",
)
def invoice_adds_up() -> str:
    """Net and tax are gross; nothing open means paid or credited."""
    return """
    SELECT i.record_id, '', CASE WHEN abs(i.net + i.tax - i.gross) > 0.01
            THEN 'Net and tax are not gross: ' || i.net || ' + ' || i.tax || ' is not ' || i.gross || '.'
            ELSE 'Nothing is open, but it is ' || replace(i.status, '_', ' ') || '.' END,
        coalesce(nullif(abs(i.net + i.tax - i.gross), 0), i.gross), i.currency
    FROM invoice_invoice i JOIN golden_goldenrecord g ON g.id = i.record_id AND g.status = 'live'
    WHERE {subjects} AND (abs(i.net + i.tax - i.gross) > 0.01
        OR (i.balance = 0 AND i.gross <> 0 AND i.status IN ('issued', 'part_paid', 'disputed')))
    """
