"""What a project must agree with in its engagement, customer and invoices (invariants 2, 8, 10, 11 and 12)."""

from apps.stewardship.invariants import invariant

OWN = "SELECT unnest(%(ids)s::uuid[])"
OF_ENGAGEMENT = "SELECT record_id FROM project_project WHERE engagement_id = ANY(%(ids)s)"
OF_CUSTOMER = "SELECT record_id FROM project_project WHERE customer_id = ANY(%(ids)s)"
OF_INVOICE = "SELECT project_id FROM invoice_invoiceline WHERE record_id = ANY(%(ids)s)"
_LIVE = """
    FROM project_project p JOIN golden_goldenrecord g ON g.id = p.record_id AND g.status = 'live'
"""


@invariant(
    number=2,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "engagement": OF_ENGAGEMENT},
    owner="delivery",
)
def project_is_of_the_engagements_customer() -> str:
    """A project's customer is its engagement's."""
    return f"""
    SELECT p.record_id, '', 'Its customer is not that of its engagement.', p.budget_amount, p.currency
    {_LIVE} JOIN engagement_engagement e ON e.record_id = p.engagement_id
    WHERE {{subjects}} AND p.customer_id IS DISTINCT FROM e.customer_id
    """


@invariant(
    number=8,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "invoice": OF_INVOICE},
    owner="finance",
)
def milestone_is_billed_once() -> str:
    """A milestone stands on one live invoice line at most."""
    return f"""
    SELECT p.record_id, l.milestone, 'Milestone ' || l.milestone || ' is billed ' || count(*) || ' times.',
        sum(l.net) - max(l.net), min(i.currency)
    {_LIVE} JOIN invoice_invoiceline l ON l.project_id = p.record_id AND l.milestone IS NOT NULL
    JOIN invoice_invoice i ON i.record_id = l.record_id AND i.kind <> 'credit_note'
        AND i.status NOT IN ('draft', 'credited', 'written_off')
        AND NOT EXISTS (SELECT 1 FROM invoice_invoice n WHERE n.credit_of_id = i.record_id)
    JOIN golden_goldenrecord ig ON ig.id = i.record_id AND ig.status = 'live'
    WHERE {{subjects}} GROUP BY p.record_id, l.milestone HAVING count(*) > 1
    """


@invariant(
    number=8,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "invoice": OF_INVOICE},
    owner="delivery",
)
def billed_milestone_was_approved() -> str:
    """A milestone is approved before it is billed."""
    return f"""
    SELECT p.record_id, s.number, 'Milestone ' || s.number || ' is billed and was not approved.', s.amount, p.currency
    {_LIVE} JOIN project_projectmilestone s ON s.record_id = p.record_id
    WHERE {{subjects}} AND s.approved IS FALSE AND EXISTS (
        SELECT 1 FROM invoice_invoiceline l JOIN invoice_invoice i ON i.record_id = l.record_id
        WHERE l.project_id = p.record_id AND l.milestone = s.number AND i.status NOT IN ('draft', 'credited'))
    """


@invariant(
    number=10,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "engagement": OF_ENGAGEMENT},
    owner="delivery",
)
def project_within_the_engagement() -> str:
    """A project begins and ends within its engagement, change orders included."""
    return f"""
    SELECT p.record_id, '', CASE WHEN p.start < e.start THEN 'Begins ' || p.start || ',
        before the engagement (' || e.start
            || ').' ELSE 'Ends ' || p."end" || ', after the engagement (' || term.day || ').' END,
        p.budget_amount, p.currency
    {_LIVE} JOIN engagement_engagement e ON e.record_id = p.engagement_id
    CROSS JOIN LATERAL (SELECT e."end" + coalesce(sum(c.end_delta), 0)::int AS day FROM engagement_engagementchange c
        WHERE c.record_id = e.record_id AND c.status = 'effective') term
    WHERE {{subjects}} AND (p.start < e.start OR p."end" > term.day)
    """


@invariant(
    number=11,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "customer": OF_CUSTOMER},
    owner="sales",
)
def no_new_project_on_hold() -> str:
    """No project is begun for a customer that is on hold or closed."""
    return f"""
    SELECT p.record_id, '', 'It is about to begin, and its customer is ' || c.status || '.', p.budget_amount,
        p.currency
    {_LIVE} JOIN customer_customer c ON c.record_id = p.customer_id
    WHERE {{subjects}} AND p.status IN ('requested', 'shell', 'ready') AND c.status IN ('hold', 'closed')
    """


@invariant(
    number=12,
    entity="project",
    subject="p.record_id",
    reach={"project": OWN, "customer": OF_CUSTOMER},
    owner="finance",
)
def terms_before_ready() -> str:
    """Terms exist between the customer and the selling entity before a project is ready."""
    return f"""
    SELECT p.record_id, '', 'There are no terms between its customer and ' || p.selling_entity || '.',
        p.budget_amount,
        p.currency
    {_LIVE}
    WHERE {{subjects}} AND p.status IN ('ready', 'in_progress') AND p.selling_entity IS NOT NULL
        AND p.customer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer_customerterms t
            WHERE t.record_id = p.customer_id AND t.legal_entity = p.selling_entity)
    """
