"""Settings of the test suite: the real ones, with fast passwords and temporary folders.

The only star import of the project, so that tests run on what is shipped.
"""

import os
import tempfile
from pathlib import Path

_home = os.environ.setdefault("HELDOUT_HOME", tempfile.mkdtemp(prefix="heldout-test-"))
os.environ.setdefault("HTTPS", "0")
os.environ.setdefault("SECRET_KEY", "tests-only")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
HELDOUT_HOME = Path(_home)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
