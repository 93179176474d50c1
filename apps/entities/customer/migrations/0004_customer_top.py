"""`customer_top`: the customer at the top of one tree on one day."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customer_top(start uuid, tree text, day date) RETURNS uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE above (node, depth) AS (
        SELECT start, 0
        UNION ALL
        SELECT p.parent, a.depth + 1 FROM above a CROSS JOIN LATERAL customer_places(a.node, tree) p
        WHERE p.days @> day AND a.depth < 100
    )
    SELECT node FROM above ORDER BY depth DESC LIMIT 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("customer", "0003_no_cycles")]

    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION customer_top(uuid, text, date)")]
