"""The web server's entry point."""

import os

from django.core.wsgi import get_wsgi_application

from scoring.cage import start_zygote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
start_zygote()  # uploads are checked in its children; the first one should not wait for imports
