"""The language that a person chose last, in which mail to them is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_teams"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="In which mail is written: the one last chosen. Empty: English.",
                max_length=8,
            ),
        ),
    ]
