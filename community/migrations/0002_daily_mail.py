"""Mail once a day: who wants it, what waits for it, and which mail told of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0012_topics_and_words"),
        ("community", "0001_notifications"),
        ("submissions", "0007_found_by_their_end"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_finished_has_time",
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="event_is_of_a_round",
        ),
        migrations.AddField(
            model_name="delivery",
            name="gathered_in",
            field=models.ForeignKey(
                help_text="The daily mail that tells of it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="gathered",
                to="community.delivery",
            ),
        ),
        migrations.AddField(
            model_name="preference",
            name="is_daily",
            field=models.BooleanField(
                db_default=False, default=False, help_text="By mail: with the rest of the day."
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("later", "For the daily mail"),
                    ("queued", "Waiting"),
                    ("sending", "On its way"),
                    ("delivered", "Delivered"),
                    ("given-up", "Given up"),
                    ("dropped", "Not wanted any more"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("submission.scored", "My submission is scored"),
                    ("submission.rejected", "My submission is rejected"),
                    ("submission.failed", "Scoring my submission failed"),
                    ("round.deadline", "A deadline comes in 24 hours"),
                    ("round.opened", "A round opens"),
                    ("round.closed", "A round closes"),
                    ("round.revealed", "A round is revealed"),
                    ("round.final", "A round is final"),
                    ("round.announced", "Organizers announce something"),
                    ("round.amended", "Rules are amended"),
                    ("round.revised", "Answers or metrics are corrected"),
                    ("test", "A test of a webhook"),
                    ("daily", "The daily mail"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="preference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("submission.scored", "My submission is scored"),
                    ("submission.rejected", "My submission is rejected"),
                    ("submission.failed", "Scoring my submission failed"),
                    ("round.deadline", "A deadline comes in 24 hours"),
                    ("round.opened", "A round opens"),
                    ("round.closed", "A round closes"),
                    ("round.revealed", "A round is revealed"),
                    ("round.final", "A round is final"),
                    ("round.announced", "Organizers announce something"),
                    ("round.amended", "Rules are amended"),
                    ("round.revised", "Answers or metrics are corrected"),
                    ("test", "A test of a webhook"),
                    ("daily", "The daily mail"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "later")),
                fields=["made_at"],
                name="delivery_for_daily_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["later", "queued", "sending"]),
                    ("finished_at__isnull", False),
                    _connector="OR",
                ),
                name="delivery_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["test", "daily"]), ("round__isnull", False), _connector="OR"
                ),
                name="event_is_of_a_round",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_daily", False),
                    models.Q(("channel", "email"), ("is_on", True)),
                    _connector="OR",
                ),
                name="preference_daily_is_mail",
            ),
        ),
    ]
