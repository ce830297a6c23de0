"""What of a round is shown when.

Old code: cannot make rounds or targets once these columns are there, for it does not fill
them; everything else goes on. Organizers wait until the new release serves the pages.
"""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_shares_sum_held_by_triggers"),
        ("challenges", "0009_announcements_are_only_added"),
    ]

    operations = [
        migrations.AddField(
            model_name="round",
            name="abstracts_shown",
            field=models.CharField(
                choices=[
                    ("always", "With the board"),
                    ("close", "When the round closes"),
                    ("reveal", "With the reveal"),
                    ("date", "On the date beside"),
                    ("never", "Never"),
                ],
                default="always",
                help_text="What teams write about their methods.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="abstracts_shown_at",
            field=models.DateTimeField(
                blank=True, help_text="UTC; only if the choice is a date.", null=True
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="board_delay_hours",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="For a delayed board: how old a board is when it is shown.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(8784),
                ],
                verbose_name="delay in hours",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="board_policy",
            field=models.CharField(
                choices=[
                    ("live", "Live: each score is on the board as soon as it is there"),
                    ("delayed", "Delayed: a board is shown some hours after it was computed"),
                    ("close", "Hidden until the round closes"),
                    ("reveal", "Hidden until the reveal"),
                    ("ladder", "Ladder: a team's shown score moves only when it improves clearly"),
                ],
                default="live",
                help_text="What everyone, entrants too, sees of the scores until the reveal. With few targets and many submissions choose the Ladder or a hidden board: a live one can be climbed by guessing. Targets marked private are kept from the board in any case.",
                max_length=8,
                verbose_name="board",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="ladder_step",
            field=models.FloatField(
                blank=True,
                help_text="In units of the primary metric: a better score is shown only if it is better by more than this, and rounded to it. Empty: the standard error of the difference decides.",
                null=True,
                verbose_name="step of the Ladder",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="names_shown",
            field=models.CharField(
                choices=[
                    ("always", "With the board"),
                    ("close", "When the round closes"),
                    ("reveal", "With the reveal"),
                    ("date", "On the date beside"),
                    ("never", "Never"),
                ],
                default="always",
                help_text="Names of teams, methods and people beside results; until then they have labels like “Entrant 3”, which stay the same.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="names_shown_at",
            field=models.DateTimeField(
                blank=True, help_text="UTC; only if the choice is a date.", null=True
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="predictions_shown",
            field=models.CharField(
                choices=[
                    ("always", "With the board"),
                    ("close", "When the round closes"),
                    ("reveal", "With the reveal"),
                    ("date", "On the date beside"),
                    ("never", "Never"),
                ],
                default="never",
                help_text="The files that teams sent, to everyone. Their own team always has them.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="predictions_shown_at",
            field=models.DateTimeField(
                blank=True, help_text="UTC; only if the choice is a date.", null=True
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="shown_decimals",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Scores are shown with so many decimals until the reveal. Empty: as they are. Ranks always follow the whole values. Rounding alone does not keep answers from being guessed.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(12)],
                verbose_name="shown decimals",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="target_scores_shown",
            field=models.CharField(
                choices=[
                    ("always", "With the board"),
                    ("close", "When the round closes"),
                    ("reveal", "With the reveal"),
                    ("date", "On the date beside"),
                    ("never", "Never"),
                ],
                default="always",
                help_text="Scores on single targets, to their own teams too.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="target_scores_shown_at",
            field=models.DateTimeField(
                blank=True, help_text="UTC; only if the choice is a date.", null=True
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="is_private",
            field=models.BooleanField(
                default=False,
                help_text="Kept from the board, and from everyone's scores, until the reveal; then it counts like the others. Put whole families on one side.",
                verbose_name="private",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("board_delay_hours__isnull", False), ("board_policy", "delayed")),
                    models.Q(
                        models.Q(("board_policy", "delayed"), _negated=True),
                        ("board_delay_hours__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="round_delay_exactly_when_delayed",
                violation_error_message="Give the hours of delay exactly when the board is delayed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ladder_step__isnull", True),
                    models.Q(
                        ("board_policy", "ladder"),
                        ("ladder_step__gt", 0),
                        ("ladder_step__lt", 1e300),
                    ),
                    _connector="OR",
                ),
                name="round_step_only_of_a_ladder",
                violation_error_message="A step is above 0, and only the Ladder has one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("names_shown", "date"), ("names_shown_at__isnull", False)),
                    models.Q(
                        models.Q(("names_shown", "date"), _negated=True),
                        models.Q(("names_shown_at__isnull", False), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="round_names_date_exactly_when_chosen",
                violation_error_message="Give a date for names exactly when “on the date beside” is chosen.",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("target_scores_shown", "date"), ("target_scores_shown_at__isnull", False)
                    ),
                    models.Q(
                        models.Q(("target_scores_shown", "date"), _negated=True),
                        models.Q(("target_scores_shown_at__isnull", False), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="round_target_scores_date_exactly_when_chosen",
                violation_error_message="Give a date for target scores exactly when “on the date beside” is chosen.",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("predictions_shown", "date"), ("predictions_shown_at__isnull", False)
                    ),
                    models.Q(
                        models.Q(("predictions_shown", "date"), _negated=True),
                        models.Q(("predictions_shown_at__isnull", False), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="round_predictions_date_exactly_when_chosen",
                violation_error_message="Give a date for predictions exactly when “on the date beside” is chosen.",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("abstracts_shown", "date"), ("abstracts_shown_at__isnull", False)),
                    models.Q(
                        models.Q(("abstracts_shown", "date"), _negated=True),
                        models.Q(("abstracts_shown_at__isnull", False), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="round_abstracts_date_exactly_when_chosen",
                violation_error_message="Give a date for abstracts exactly when “on the date beside” is chosen.",
            ),
        ),
    ]
