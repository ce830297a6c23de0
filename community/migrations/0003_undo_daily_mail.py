"""Nothing on the way forth. On the way back, what waits for a daily mail is sent by itself."""

from django.db import migrations


def without_daily_mail(apps, schema_editor):
    apps.get_model("community", "Event").objects.filter(kind="daily").delete()
    deliveries = apps.get_model("community", "Delivery").objects
    deliveries.filter(state="later").update(state="queued")


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0002_daily_mail"),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, without_daily_mail),
    ]
