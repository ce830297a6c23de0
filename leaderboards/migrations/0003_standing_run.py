"""A standing names the scoring run it is computed from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboards", "0002_ledger_append_only"),
        ("submissions", "0004_fairness"),
    ]

    operations = [
        migrations.AddField(
            model_name="standing",
            name="run",
            field=models.ForeignKey(
                help_text="The scoring it is computed from. Empty: written before this was kept.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="standings",
                to="submissions.scoringrun",
            ),
        ),
    ]
