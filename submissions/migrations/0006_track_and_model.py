"""The track of a submission, and which of a team's models it is.

Old code: cannot take submissions once `model_index` is there: stop the web servers of the
release before, and start the new ones after. Workers go on.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_sitesec"),
        ("catalog", "0002_shares_sum_held_by_triggers"),
        ("challenges", "0011_tracks_models_roles"),
        ("submissions", "0005_resumable_uploads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="model_index",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Which of the team's models it is; 1 is its first choice."
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="track",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty where the round has no tracks.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="challenges.track",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("model_index__gte", 1)), name="submission_model_from_one"
            ),
        ),
    ]
