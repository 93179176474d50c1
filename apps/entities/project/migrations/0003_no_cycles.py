"""The database refuses, at commit, a project that would stand above itself."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION project_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE above (node, depth) AS (
            SELECT t.parent_id, 1 FROM project_project t WHERE t.record_id = NEW.record_id
            UNION ALL
            SELECT t.parent_id, a.depth + 1 FROM above a JOIN project_project t ON t.record_id = a.node
            WHERE a.node <> NEW.record_id AND a.depth < 100
        )
        SELECT 1 FROM above WHERE node = NEW.record_id
    ) THEN
        RAISE EXCEPTION 'project % would stand above itself', NEW.record_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_tree_without_cycle';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER project_tree_without_cycle_insert AFTER INSERT ON project_project
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION project_refuse_cycle();
CREATE CONSTRAINT TRIGGER project_tree_without_cycle_update AFTER UPDATE ON project_project
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id)
    EXECUTE FUNCTION project_refuse_cycle();
"""

BACKWARD = """
DROP TRIGGER project_tree_without_cycle_update ON project_project;
DROP TRIGGER project_tree_without_cycle_insert ON project_project;
DROP FUNCTION project_refuse_cycle();
"""


class Migration(migrations.Migration):
    dependencies = [("project", "0002_references")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
