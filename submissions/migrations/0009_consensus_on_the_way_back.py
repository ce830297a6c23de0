"""On the way back, entries of a kind that the release before does not know become organizers'.

They stay shown and unranked there. Forward there is nothing to do.

Old code: nothing changes for it.
"""

from django.db import migrations


def forward(apps, schema_editor):
    pass


def back(apps, schema_editor):
    submissions = apps.get_model("submissions", "Submission").objects
    submissions.filter(entry_kind="consensus").update(entry_kind="organizer")


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0008_consensus_entries"),
    ]

    operations = [migrations.RunPython(forward, back)]
