"""An index by the moment a submission ended: what happened lately is looked for."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_teams"),
        ("catalog", "0003_statements_and_claims"),
        ("challenges", "0011_tracks_models_roles"),
        ("submissions", "0006_track_and_model"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["finished_at"],
                name="submission_by_end",
            ),
        ),
    ]
