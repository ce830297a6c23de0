"""When ORCID or an operator said who somebody is.

Old code: writes no `orcid_verified_at`, so the constraint on it always holds.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_sitesec"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="identity_checked_at",
            field=models.DateTimeField(
                blank=True, help_text="When an operator knew who this is, by hand.", null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="orcid_verified_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When ORCID itself said so; a typed iD has none.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("orcid_verified_at__isnull", True),
                    models.Q(("orcid", ""), _negated=True),
                    _connector="OR",
                ),
                name="user_verified_orcid_is_there",
                violation_error_message="Only an ORCID iD that is there is verified.",
            ),
        ),
    ]
