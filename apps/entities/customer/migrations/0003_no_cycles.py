"""The database refuses, at commit, a customer that would stand above itself in one tree on some day."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customer_places(child uuid, tree text) RETURNS TABLE (parent uuid, days datemultirange)
LANGUAGE sql STABLE AS $$
    WITH dated AS (
        SELECT p.parent_id, daterange(p.valid_from,
            least(p.valid_to + 1, lead(p.valid_from) OVER (ORDER BY p.valid_from NULLS FIRST))) AS days
        FROM customer_customerparent p WHERE p.record_id = child AND p.kind = tree
    )
    SELECT parent_id, datemultirange(days) FROM dated WHERE parent_id IS NOT NULL
    UNION ALL
    SELECT c.parent_id, datemultirange(daterange(NULL, NULL))
        - coalesce((SELECT range_agg(days) FROM dated), datemultirange())
    FROM customer_customer c
    WHERE c.record_id = child AND c.parent_id IS NOT NULL AND coalesce(c.parent_kind, 'legal') = tree
$$;

CREATE FUNCTION customer_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    start uuid := (changed ->> 'record_id')::uuid;
    tree text := coalesce(changed ->> 'kind', changed ->> 'parent_kind', 'legal');
BEGIN
    IF EXISTS (
        WITH RECURSIVE above (node, days, depth) AS (
            SELECT p.parent, p.days, 1 FROM customer_places(start, tree) p WHERE NOT isempty(p.days)
            UNION ALL
            SELECT p.parent, a.days * p.days, a.depth + 1
            FROM above a CROSS JOIN LATERAL customer_places(a.node, tree) p
            WHERE a.node <> start AND a.depth < 100 AND NOT isempty(a.days * p.days)
        )
        SELECT 1 FROM above WHERE node = start
    ) THEN
        RAISE EXCEPTION 'customer % would stand above itself in the % tree', start, tree
            USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_tree_without_cycle';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER customer_tree_without_cycle_insert AFTER INSERT ON customer_customer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION customer_refuse_cycle();
CREATE CONSTRAINT TRIGGER customer_tree_without_cycle_update AFTER UPDATE ON customer_customer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.parent_id, OLD.parent_kind) IS DISTINCT FROM (NEW.parent_id, NEW.parent_kind))
    EXECUTE FUNCTION customer_refuse_cycle();
CREATE CONSTRAINT TRIGGER customer_place_without_cycle AFTER INSERT OR UPDATE OR DELETE ON customer_customerparent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION customer_refuse_cycle();
"""

BACKWARD = """
DROP TRIGGER customer_place_without_cycle ON customer_customerparent;
DROP TRIGGER customer_tree_without_cycle_update ON customer_customer;
DROP TRIGGER customer_tree_without_cycle_insert ON customer_customer;
DROP FUNCTION customer_refuse_cycle();
DROP FUNCTION customer_places(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("customer", "0002_trees")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
