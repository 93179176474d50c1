"""What the assignments of a worker must agree with (invariants 10 and 11)."""

from apps.stewardship.invariants import invariant

REACH = {
    "resource": "SELECT unnest(%(ids)s::uuid[])",
    "project": "SELECT record_id FROM resource_resourceassignment WHERE project_id = ANY(%(ids)s)",
}
_LIVE = """
    FROM resource_resource r JOIN golden_goldenrecord g ON g.id = r.record_id AND g.status = 'live'
    JOIN resource_resourceassignment a ON a.record_id = r.record_id
        AND coalesce(a.status, 'confirmed') NOT IN ('cancelled', 'completed')
"""


@invariant(number=10, entity="resource", subject="r.record_id", reach=REACH, owner="delivery")
def assignment_within_project_and_employment() -> str:
    """An assignment lies within its project and within the employment."""
    return f"""
    SELECT r.record_id, coalesce(a.number, ''), 'Assignment ' || coalesce(a.number, '') || CASE
            WHEN a.start < r.hire_date THEN ' begins before the employment.'
            WHEN a."end" > r.term_date THEN ' ends after the employment.'
            WHEN a.start < p.start THEN ' begins before its project.' ELSE ' ends after its project.' END,
        NULL::numeric, NULL
    {_LIVE} LEFT JOIN project_project p ON p.record_id = a.project_id
    WHERE {{subjects}} AND (a.start < r.hire_date OR a."end" > r.term_date OR a.start < p.start OR a."end" > p."end")
    """


@invariant(number=11, entity="resource", subject="r.record_id", reach=REACH, owner="delivery")
def no_work_after_the_books_closed() -> str:
    """Nobody is assigned to a project whose books are closed."""
    return f"""
    SELECT r.record_id, coalesce(a.number, ''), 'Assignment ' || coalesce(a.number,
        '') || ' is of a project that is closed.',
        NULL::numeric, NULL
    {_LIVE} JOIN project_project p ON p.record_id = a.project_id
    WHERE {{subjects}} AND p.status = 'fin_closed' AND a.status IN ('tentative', 'confirmed', 'active')
    """


@invariant(
    number=10,
    entity="resource",
    subject="r.record_id",
    reach={"resource": REACH["resource"]},
    owner="delivery",
    severity="warn",
)
def nobody_is_booked_twice() -> str:
    """Nobody is booked for more than all of the time on one day."""
    return f"""
    SELECT record_id, '', 'Booked for ' || trim_scale(max(percent)) || ' %% from ' || min(day) || ' on.',
        NULL::numeric, NULL
    FROM (
        SELECT r.record_id, a.start AS day, sum(b.percent) AS percent
        {_LIVE} JOIN resource_resourceassignment b ON b.record_id = r.record_id AND b.start <= a.start
            AND b."end" >= a.start AND coalesce(b.status, 'confirmed') NOT IN ('cancelled', 'completed')
        WHERE {{subjects}} GROUP BY r.record_id, a.start, a.id
    ) booked WHERE percent > 100 GROUP BY record_id
    """
