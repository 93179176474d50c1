"""What an engagement must agree with: change orders, schedule, milestones, invoices, and the systems among themselves
(invariants 5, 6, 7 and 14)."""

from apps.stewardship.invariants import invariant

OWN = "SELECT unnest(%(ids)s::uuid[])"
INVOICES = "SELECT engagement_id FROM invoice_invoice WHERE record_id = ANY(%(ids)s)"
PROJECTS = "SELECT engagement_id FROM project_project WHERE record_id = ANY(%(ids)s)"
_LIVE = """
    FROM engagement_engagement e JOIN golden_goldenrecord g ON g.id = e.record_id AND g.status = 'live'
"""
_BILLED = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(CASE WHEN i.kind = 'credit_note' THEN -abs(i.net) ELSE i.net END), 0) AS net
        FROM invoice_invoice i JOIN golden_goldenrecord ig ON ig.id = i.record_id AND ig.status = 'live'
        WHERE i.engagement_id = e.record_id AND i.currency = e.currency
            AND i.status IN ('issued', 'part_paid', 'paid', 'disputed', 'credited', 'written_off')
    ) billed
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.contract_type = 'time_and_materials' THEN e.cap ELSE coalesce(e.cap,
        e.current_value) END AS amount
    ) may_be
"""


@invariant(number=5, entity="engagement", subject="e.record_id", reach={"engagement": OWN}, owner="sales")
def value_follows_change_orders() -> str:
    """The current value is the base value and all effective change orders."""
    return f"""
    SELECT e.record_id, '', 'The current value differs from base value and change orders by '
        || (e.current_value - e.base_value - changes.delta) || '.',
        abs(e.current_value - e.base_value - changes.delta),
        e.currency
    {_LIVE}
    CROSS JOIN LATERAL (SELECT coalesce(sum(value_delta), 0) AS delta FROM engagement_engagementchange c
        WHERE c.record_id = e.record_id AND c.status = 'effective') changes
    WHERE {{subjects}} AND abs(e.current_value - e.base_value - changes.delta) > 0.01
    """


@invariant(number=6, entity="engagement", subject="e.record_id", reach={"engagement": OWN}, owner="finance")
def schedule_is_the_value() -> str:
    """The billing schedule of a fixed price is its value."""
    return f"""
    SELECT e.record_id, '', 'The billing schedule comes to ' || plan.amount
        || ', the value is ' || e.current_value || '.',
        abs(plan.amount - e.current_value), e.currency
    {_LIVE}
    CROSS JOIN LATERAL (SELECT sum(amount) AS amount, count(*) FILTER (WHERE amount IS NULL) AS unknown
        FROM engagement_engagementbilling b WHERE b.record_id = e.record_id) plan
    WHERE {{subjects}} AND e.contract_type IN ('fixed', 'milestone') AND plan.unknown = 0
        AND abs(plan.amount - e.current_value) > 0.01
    """


@invariant(
    number=6,
    entity="engagement",
    subject="e.record_id",
    reach={"engagement": OWN, "project": PROJECTS},
    owner="finance",
)
def milestones_within_the_value() -> str:
    """The milestones of all projects of a fixed price are at most its value."""
    return f"""
    SELECT e.record_id, '', 'The milestones of its projects come to ' || m.amount
        || ', the value is ' || e.current_value
        || '.', m.amount - e.current_value, e.currency
    {_LIVE}
    CROSS JOIN LATERAL (SELECT sum(s.amount) AS amount FROM project_projectmilestone s
        JOIN project_project p ON p.record_id = s.record_id
        JOIN golden_goldenrecord pg ON pg.id = p.record_id AND pg.status = 'live'
        WHERE p.engagement_id = e.record_id) m
    WHERE {{subjects}} AND e.contract_type IN ('fixed', 'milestone') AND m.amount > e.current_value + 0.01
    """


@invariant(
    number=7,
    entity="engagement",
    subject="e.record_id",
    reach={"engagement": OWN, "invoice": INVOICES},
    owner="finance",
)
def billed_within_the_cap() -> str:
    """No more is billed than the contract allows."""
    return f"""
    SELECT e.record_id, '', 'Billed ' || billed.net || ' of ' || may_be.amount || ' that may be billed.',
        billed.net - may_be.amount, e.currency
    {_LIVE} {_BILLED}
    WHERE {{subjects}} AND billed.net > may_be.amount + 0.01
    """


@invariant(
    number=7,
    entity="engagement",
    subject="e.record_id",
    reach={"engagement": OWN, "invoice": INVOICES},
    owner="delivery",
    severity="warn",
)
def billed_near_the_cap() -> str:
    """Four fifths of what may be billed are billed while the work goes on."""
    return f"""
    SELECT e.record_id, '', round(100 * billed.net / may_be.amount) || ' %% of ' || may_be.amount || ' are billed.',
        may_be.amount - billed.net, e.currency
    {_LIVE} {_BILLED}
    WHERE {{subjects}} AND e.status IN ('signed', 'active') AND may_be.amount > 0
        AND billed.net >= 0.8 * may_be.amount AND billed.net < may_be.amount
        AND e.contract_type IN ('time_and_materials', 'capped')
    """


@invariant(
    number=14,
    entity="engagement",
    subject="e.record_id",
    reach={"engagement": OWN},
    owner="sales",
    severity="warn",
)
def systems_agree_on_the_value() -> str:
    """The systems state the same value of an engagement, so revenue and backlog agree between them."""
    return f"""
    SELECT e.record_id, '', string_agg(told.system || ': ' || told.amount, ', ' ORDER BY told.system),
        max(told.amount) - min(told.amount), e.currency
    {_LIVE}
    JOIN LATERAL (
        SELECT c.system_id AS system, max((q.values ->> 'base_value')::numeric) AS amount
        FROM sources_crosswalk c JOIN quality_standardrecord q ON q.source_record_id = c.source_record_id
        JOIN sources_sourcerecord s ON s.id = c.source_record_id AND NOT s.deleted
        WHERE c.record_id = e.record_id AND q.values ->> 'base_value' IS NOT NULL
            AND q.values ->> 'currency' = e.currency GROUP BY 1
    ) told ON true
    WHERE {{subjects}} GROUP BY e.record_id, e.currency HAVING max(told.amount) - min(told.amount) > 0.01
    """
