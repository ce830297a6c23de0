"""Topics by which challenges are found, and the words that a challenge explains itself.

Old code: goes on as it was; the database fills the new columns with empty texts.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0011_tracks_models_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="challenge",
            name="topics",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Fields of science and of method, in small letters with commas between "
                "them: fluid dynamics, surrogate models. Visitors look for challenges by them.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="challenge",
            name="words",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Words that mean something of their own here, one on each line: the "
                "word, a colon and its meaning. The charter links to them; words that all "
                "challenges share are in the site's glossary.",
                verbose_name="words of this challenge",
            ),
        ),
    ]
