"""Settings of the test suite: the real ones, with fast passwords and temporary folders.

The only star import of the project, so that tests run on what is shipped.
"""

import os
import tempfile
from pathlib import Path

_home = os.environ.setdefault("HELDOUT_HOME", tempfile.mkdtemp(prefix="heldout-test-"))
os.environ.setdefault("HTTPS", "0")
os.environ.setdefault("SECRET_KEY", "tests-only")
# The tests of these limits set them; the others do not depend on them.
os.environ.setdefault("STORAGE_FREE_BYTES_MIN", "0")
os.environ.setdefault("UPLOADS_AT_ONCE", "100")
os.environ.setdefault("BOARD_CACHE_MS", "0")  # a test sees at once what it changed
for _scope in ("ANONYMOUS", "READS", "SUBMITS", "UPLOADS"):
    os.environ.setdefault(f"API_{_scope}_PER_MINUTE", "1000000")
# No server for tests that need none; the fixtures of tests/conftest.py bring a real one.
if not os.environ.get("REDIS_URL"):
    os.environ.setdefault("BROKER_URL", "memory://")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
HELDOUT_HOME = Path(_home)
# A file, also on SQLite: worker and web server processes of a test open the same database.
DATABASES["default"]["TEST"] = {"NAME": str(HELDOUT_HOME / "test.sqlite3")}  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405
    DATABASES["default"]["TEST"] = {}  # noqa: F405
if os.environ.get("TEST_DATABASE_NAME"):
    DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]  # noqa: F405
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
