"""What records that refer to a merged one were before the merge: so that its undoing gives back provenance, too."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, typed_model
from apps.golden.spec import Document, EntitySpec
from apps.mastering.models import Merge


class BeforeMerge:
    """Gives the references and the provenance that records had right before a merge, one statement per call."""

    def __init__(self, merge: Merge | None) -> None:
        self.merge = merge

    def __call__(self, spec: EntitySpec, ids: Sequence[UUID]) -> Mapping[UUID, Document]:
        if self.merge is None:
            return {}
        model = typed_model(spec)
        names = [attribute.name for attribute in spec.references()]
        columns = [sql.SQL("h.{}::text").format(sql.Identifier(column_of(model, name))) for name in names]
        with raw_cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "SELECT DISTINCT ON (h.record_id) {columns} FROM {history} h JOIN"
                    " (SELECT record_id, min(history_id) AS first FROM {history} WHERE record_id = ANY(%s)"
                    "  AND correlation_id = %s GROUP BY record_id) m"
                    " ON m.record_id = h.record_id AND h.history_id < m.first"
                    " ORDER BY h.record_id, h.history_id DESC"
                ).format(
                    columns=sql.SQL(", ").join([sql.SQL("h.record_id, h.provenance"), *columns]),
                    history=sql.Identifier(model.history.model._meta.db_table),
                ),
                (list(ids), self.merge.correlation_id),
            )
            return {
                record: {**dict(zip(names, values, strict=True)), "provenance": provenance}
                for record, provenance, *values in cursor
            }
