"""`manage.py bundle_new TEMPLATE FOLDER`: a bundle to go on with by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.text import slugify

from challenges.errors import TemplateRefused
from challenges.services.templates import Start, all_templates, get_template, write_template


class Command(BaseCommand):
    help = "Write a challenge template as a bundle; without arguments list the templates."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("template", nargs="?", help="its name")
        parser.add_argument("folder", nargs="?", help="a new folder; its name is the address")
        parser.add_argument("--title", help="of the challenge; else from the folder")
        parser.add_argument("--by", default="", metavar="USERNAME", help="who made the targets")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["template"]:
            for template in all_templates():
                self.stdout.write(f"{template.slug}: {template.summary}")
            return
        if not options["folder"]:
            raise CommandError("Name the folder to write to.")
        folder = Path(options["folder"])
        slug = slugify(folder.name)
        if not slug:
            raise CommandError("Name the folder with letters or digits: it becomes the address.")
        title = options["title"] or slug.replace("-", " ").capitalize()
        day = timezone.now().date() + timedelta(days=28)
        opens_at = datetime.combine(day, time(12), tzinfo=UTC)
        start = Start(slug, title, opens_at, opens_at + timedelta(days=56))
        try:
            template = get_template(options["template"])
            write_template(template, folder, start, username=options["by"] or "USERNAME")
        except TemplateRefused as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{folder}: read README.md there, then write challenge.yaml to its end.")
