from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0003_resumable_runs'),
    ]

    operations = [
        migrations.RenameField('preparedrecord', 'clean', 'cells'),
        migrations.AddField(
            model_name='preparedrecord',
            name='compared',
            field=models.BooleanField(default=True, help_text='False until a re-match has looked for whom it resembles; it stays where it is.'),
        ),
    ]
