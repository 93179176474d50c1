"""Trigram index on titles: the fuzzy search of the API and of the admin site."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("golden", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            "CREATE INDEX golden_title_trigrams ON golden_goldenrecord USING gin (title gin_trgm_ops)",
            "DROP INDEX golden_title_trigrams",
        ),
    ]
