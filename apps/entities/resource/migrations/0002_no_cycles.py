"""The database refuses, at commit, a resource that would stand above itself."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION resource_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE above (node, depth) AS (
            SELECT t.manager_id, 1 FROM resource_resource t WHERE t.record_id = NEW.record_id
            UNION ALL
            SELECT t.manager_id, a.depth + 1 FROM above a JOIN resource_resource t ON t.record_id = a.node
            WHERE a.node <> NEW.record_id AND a.depth < 100
        )
        SELECT 1 FROM above WHERE node = NEW.record_id
    ) THEN
        RAISE EXCEPTION 'resource % would stand above itself', NEW.record_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'resource_tree_without_cycle';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER resource_tree_without_cycle_insert AFTER INSERT ON resource_resource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.manager_id IS NOT NULL)
    EXECUTE FUNCTION resource_refuse_cycle();
CREATE CONSTRAINT TRIGGER resource_tree_without_cycle_update AFTER UPDATE ON resource_resource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.manager_id IS DISTINCT FROM NEW.manager_id)
    EXECUTE FUNCTION resource_refuse_cycle();
"""

BACKWARD = """
DROP TRIGGER resource_tree_without_cycle_update ON resource_resource;
DROP TRIGGER resource_tree_without_cycle_insert ON resource_resource;
DROP FUNCTION resource_refuse_cycle();
"""


class Migration(migrations.Migration):
    dependencies = [("resource", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
