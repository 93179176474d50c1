import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0002_patterns_and_training'),
        ('sources', '0002_load_actor'),
    ]

    operations = [
        # Keys are derived: a re-match makes them anew (the first `seed_defaults` after an upgrade queues one).
        migrations.DeleteModel(name='BlockingKey'),
        migrations.CreateModel(
            name='BlockingKey',
            fields=[
                ('pk', models.CompositePrimaryKey('key', 'source_record_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.BigIntegerField()),
                ('source_record', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sources.sourcerecord')),
                ('entity', models.CharField(max_length=40)),
            ],
        ),
        migrations.RunSQL(
            "UPDATE matching_matchrun SET status = 'failed', finished_at = now() WHERE status = 'running'",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name='ComparedPair',
            fields=[
                ('pk', models.CompositePrimaryKey('left_id', 'right_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('left', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sources.sourcerecord')),
                ('right', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sources.sourcerecord')),
                ('entity', models.CharField(max_length=40)),
                ('weight', models.FloatField(help_text='Bits of evidence for a match, prior included.')),
                ('probability', models.FloatField()),
                ('band', models.PositiveSmallIntegerField(help_text='1 review, 2 match.')),
                ('held', models.BooleanField(default=False)),
                ('rule_version', models.PositiveIntegerField()),
                ('compared_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PreparedRecord',
            fields=[
                ('source_record', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='sources.sourcerecord')),
                ('entity', models.CharField(max_length=40)),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='The rows it has among the blocking keys.', size=None)),
                ('clean', models.TextField(help_text='JSON: per attribute of the rule nothing, one clean value or several.')),
                ('told', models.TextField(help_text='JSON: values that must not differ inside one golden record.')),
                ('fingerprint', models.BigIntegerField()),
                ('prepared_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ReviewLimit',
            fields=[
                ('entity', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('most', models.PositiveIntegerField(default=10000, help_text='Open reviews; the worthiest come first.')),
                ('left_out', models.PositiveIntegerField(default=0, help_text='Found, but not opened for lack of room.')),
                ('counted_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RunPair',
            fields=[
                ('pk', models.CompositePrimaryKey('left_id', 'right_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('left', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sources.sourcerecord')),
                ('right', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sources.sourcerecord')),
                ('entity', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='RunSeed',
            fields=[
                ('source_record', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='sources.sourcerecord')),
                ('entity', models.CharField(max_length=40)),
            ],
        ),
        migrations.AddField(
            model_name='matchrun',
            name='beat_at',
            field=models.DateTimeField(help_text="The worker's last sign of life.", null=True),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='changed',
            field=models.PositiveIntegerField(default=0, help_text='Golden records that are others now.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='closed',
            field=models.PositiveIntegerField(default=0, help_text='Reviews that need no answer any more.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='cursor',
            field=models.JSONField(help_text='Where the phase goes on; null: at its beginning.', null=True),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='done',
            field=models.PositiveIntegerField(default=0, help_text='Units of the phase that are done.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='lease_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='leased_by',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='left_out',
            field=models.PositiveIntegerField(default=0, help_text='Reviews that wait for room in the queue.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='matches',
            field=models.PositiveIntegerField(default=0, help_text='Pairs in the automatic band.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='mode',
            field=models.CharField(choices=[('full', 'everything anew'), ('changed', 'what changed since the last run')], default='full', max_length=10),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='peak_memory_mb',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='phase',
            field=models.CharField(choices=[('prepare', 'prepare and key records'), ('pairs', 'find candidate pairs'), ('score', 'score pairs'), ('cluster', 'cluster'), ('apply', 'apply'), ('review', 'open reviews')], default='prepare', max_length=10),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='phase_began_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='phases',
            field=models.JSONField(default=dict, help_text='Per phase: seconds, CPU seconds, units.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='since',
            field=models.DateTimeField(help_text="Mode 'changed': records standardized from here on.", null=True),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='splits',
            field=models.PositiveIntegerField(default=0, help_text='Source records that left their golden record.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='takeovers',
            field=models.PositiveIntegerField(default=0, help_text='Times another worker went on with it.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='token',
            field=models.PositiveIntegerField(default=0, help_text='Grows with each taking; fences a late worker.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='total',
            field=models.PositiveIntegerField(default=0, help_text='Units the phase has.'),
        ),
        migrations.AddField(
            model_name='matchrun',
            name='vetoed',
            field=models.PositiveIntegerField(default=0, help_text='Merges that a veto stopped.'),
        ),
        migrations.AlterField(
            model_name='matchrun',
            name='reviews',
            field=models.PositiveIntegerField(default=0, help_text='Reviews opened.'),
        ),
        migrations.AlterField(
            model_name='matchrun',
            name='status',
            field=models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('cancelling', 'Cancelling'), ('cancelled', 'Cancelled'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='matchrun',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('queued', 'running', 'cancelling'))), fields=('entity',), name='match_run_one_active_per_entity'),
        ),
        migrations.AddIndex(
            model_name='preparedrecord',
            index=models.Index(fields=['entity', 'source_record'], name='prepared_record_entity'),
        ),
        migrations.AddIndex(
            model_name='comparedpair',
            index=models.Index(condition=models.Q(('band', 1)), fields=['entity', 'probability'], name='compared_pair_review'),
        ),
        migrations.AddConstraint(
            model_name='comparedpair',
            constraint=models.CheckConstraint(condition=models.Q(('left__lt', models.F('right'))), name='compared_pair_ordered'),
        ),
        migrations.AddConstraint(
            model_name='runpair',
            constraint=models.CheckConstraint(condition=models.Q(('left__lt', models.F('right'))), name='run_pair_ordered'),
        ),
    ]
