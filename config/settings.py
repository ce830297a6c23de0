"""The one settings module, told apart only by environment variables.

Unset variables give the embedded default: SQLite, a private Redis-compatible server and all
files in one folder. docs/operators.md lists every variable.
"""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from config import environment, sign_in

BASE_DIR = environment.BASE_DIR
HELDOUT_HOME = environment.home()
EMBEDDED = not environment.env.str("DATABASE_URL", default="")

DEBUG = environment.boolean("DEBUG", default=False)
SECRET_KEY = environment.secret("SECRET_KEY")
if not SECRET_KEY and EMBEDDED:
    SECRET_KEY = environment.embedded_secret_key(HELDOUT_HOME)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY (or SECRET_KEY_FILE) must be set with DATABASE_URL.")

# Signs receipts; empty: a key of the site's own, in its folder. Who changes it names the public
# halves of earlier keys in the second.
SIGNING_KEY = environment.signing_key()
RETIRED_SIGNING_KEYS = environment.public_keys("RETIRED_SIGNING_KEYS")

SITE_NAME = environment.env.str("SITE_NAME", default="Heldout")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config",
    "demo",
    "rehearsal",
    "pages",
    "api",
    "community",
    "leaderboards",
    "submissions",
    "challenges",
    "catalog",
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "drf_spectacular",
    "knox",
    "rest_framework",
]
if not environment.env.str("DATABASE_URL", default="").startswith("postgres"):
    INSTALLED_APPS.remove("django.contrib.postgres")

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.logs.RequestMiddleware",
    "api.board_cache.BoardCacheMiddleware",
    "api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.compression.PageCompressionMiddleware",
    "config.headers.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.audit.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    }
]

DATABASES = {"default": environment.database(HELDOUT_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signing_in.GuardedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "pages:login"
LOGIN_REDIRECT_URL = "pages:home"
LOGOUT_REDIRECT_URL = "pages:home"

# Mail, and who must show that an address is theirs: everyone where mail is sent.
EMAIL_BACKEND = environment.env.str(
    "EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend"
)
globals().update(environment.mail())
MAIL_IS_SENT = not EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend"))
DEFAULT_FROM_EMAIL = environment.env.str("MAIL_FROM", default=f"{SITE_NAME} <heldout@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# A mail server that does not answer holds nobody longer than this.
EMAIL_TIMEOUT = 10
# Webhooks go to public addresses over TLS. This also lets them go to this machine, in the clear
# and to any port: for trying things out, not for a site whose people you do not know.
WEBHOOKS_TO_LOOPBACK = environment.boolean("WEBHOOKS_TO_LOOPBACK", default=False)
# Further ports than 443 that webhooks may go to.
WEBHOOK_PORTS = environment.ports("WEBHOOK_PORTS", default=[443])
# Where the site is reached, for links in mail that a worker writes.
SITE_URL = (
    environment.env.str("SITE_URL", default="")
    or (CSRF_TRUSTED_ORIGINS[0] if CSRF_TRUSTED_ORIGINS else "")
    or "http://{}:{}".format(
        environment.env.str("HOST", default="127.0.0.1"), environment.integer("PORT", default=8000)
    )
).rstrip("/")

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = sign_in.email_verification(mail_is_sent=MAIL_IS_SENT)
ACCOUNT_SIGNUP_FIELDS = [
    "username*",
    "email*" if ACCOUNT_EMAIL_VERIFICATION == "mandatory" else "email",
    "password1*",
    "password2*",
]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.signup_fields.ProfileFields"
ACCOUNT_FORMS = {"login": "pages.forms.SignInForm", "signup": "pages.forms.SignUpForm"}
ACCOUNT_USERNAME_MIN_LENGTH = 1
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
# Wrong passwords are counted by accounts.signing_in, in the database and at all doors.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "login": None}
SOCIALACCOUNT_ADAPTER = "accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_FORMS = {"signup": "pages.forms.ConnectedSignUpForm"}
SOCIALACCOUNT_AUTO_SIGNUP = False
# Addresses that another site vouches for sign nobody in to an account that is there already.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = sign_in.providers()
if SOCIALACCOUNT_PROVIDERS["github"]["APPS"]:
    INSTALLED_APPS.append("allauth.socialaccount.providers.github")
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_REQUIRED_FOR_ORGANIZERS = environment.boolean("MFA_REQUIRED_FOR_ORGANIZERS", default=False)
# What makes somebody known enough to confirm a share of credit; empty: an account is enough.
CREDIT_IDENTITY = sign_in.credit_identity()

# Three areas of files. No area has a public address: every file leaves through a view that
# checks who asks. References are opened by one service only.
STORAGES = {
    "default": environment.storage(HELDOUT_HOME, area="public"),
    "uploads": environment.storage(HELDOUT_HOME, area="uploads"),
    "references": environment.storage(HELDOUT_HOME, area="references"),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The embedded default serves static files from where they are; production collects them.
STATIC_ROOT = environment.env.str("STATIC_ROOT", default="") or (
    None if EMBEDDED else str(HELDOUT_HOME / "static")
)
WHITENOISE_USE_FINDERS = EMBEDDED
# Files above this size stream to a temporary file; nothing is held in memory whole.
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# Uploads are refused with 507 where they would leave less than this free on the disk.
STORAGE_FREE_BYTES_MIN = environment.integer("STORAGE_FREE_BYTES_MIN", default=256 * 2**20, low=0)
UPLOAD_LIMIT_BYTES = environment.integer("UPLOAD_LIMIT_BYTES", default=2 * 1024**3, low=1)
# Uploads that one team may have on their way at the same time.
UPLOADS_AT_ONCE = environment.integer("UPLOADS_AT_ONCE", default=3, low=1)
# Uploads of a team that are begun or arrived and not submitted.
UPLOADS_WAITING = environment.integer("UPLOADS_WAITING", default=10, low=1)

# Requests of one person, or one address, to the API in a minute; a 304 does not count.
API_REQUESTS_PER_MINUTE = {
    "anonymous": environment.integer("API_ANONYMOUS_PER_MINUTE", default=300, low=1),
    "read": environment.integer("API_READS_PER_MINUTE", default=600, low=1),
    "submit": environment.integer("API_SUBMITS_PER_MINUTE", default=120, low=1),
    "upload": environment.integer("API_UPLOADS_PER_MINUTE", default=1200, low=1),
}
# Requests that wait for a submission to change, in one web process: each holds a thread.
LONG_POLLS_AT_ONCE = environment.integer("LONG_POLLS_AT_ONCE", default=2, low=0)

# Who scrapes /telemetry shows this token; empty: the address does not exist.
TELEMETRY_TOKEN = environment.secret("TELEMETRY_TOKEN")
REDIS_URL = environment.redis_url(HELDOUT_HOME)
CACHE_URL = environment.cache_url(REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "heldout",
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# How long a web process may answer pollers of public boards from its memory.
BOARD_CACHE_MS = environment.integer("BOARD_CACHE_MS", default=500)

# The queue carries hints; the database row is the truth (docs/adr/0002). So losing a message
# costs one sweep, and no result backend is needed.
CELERY_BROKER_URL = environment.broker_url(REDIS_URL)
if not (EMBEDDED or REDIS_URL or environment.env.str("BROKER_URL", default="")):
    raise ImproperlyConfigured("REDIS_URL must be set with DATABASE_URL.")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_TIME_LIMIT = 870
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_TRANSPORT_OPTIONS = environment.broker_options(CELERY_BROKER_URL, HELDOUT_HOME)
CELERY_BEAT_SCHEDULE = {
    "submissions-sweep": {"task": "submissions.sweep", "schedule": 5.0},
    "submissions-check-files": {"task": "submissions.check_files", "schedule": 3600.0},
    "rehearsal-hold": {"task": "rehearsal.hold", "schedule": 60.0},
    "leaderboards-refresh": {"task": "leaderboards.refresh", "schedule": 2.0},
    "community-notify": {"task": "community.notify", "schedule": 5.0},
    # Often, so that a day whose end nobody saw is made up for; each is gathered once.
    "community-daily": {"task": "community.daily", "schedule": 300.0},
    "community-tidy": {"task": "community.tidy", "schedule": 24 * 3600.0},
}
# Beat's own note of when it last ran; losing it costs nothing.
CELERY_BEAT_SCHEDULE_FILENAME = str(HELDOUT_HOME / "celerybeat-schedule")

# A worker that holds a submission renews its lease while the child scores; a lease that ran
# out means the worker is gone and the submission is queued again.
SCORING_LEASE_S = environment.integer("SCORING_LEASE_S", default=60, low=2)
# A worker asked to stop finishes what it scores within this time, or gives it to another one.
SCORING_DRAIN_S = environment.integer("SCORING_DRAIN_S", default=8 if EMBEDDED else 30)
SCORING_MAX_ATTEMPTS = environment.integer("SCORING_MAX_ATTEMPTS", default=3, low=1)
SCORING_WALL_S = environment.integer("SCORING_WALL_S", default=600, low=1)
SCORING_MEMORY_BYTES = environment.integer("SCORING_MEMORY_BYTES", default=2 * 1024**3, low=1)
# The consensus of a round's entries: the file that may come of it, and those it is made of.
CONSENSUS_FILE_BYTES = environment.integer("CONSENSUS_FILE_BYTES", default=32 * 2**20, low=1)
CONSENSUS_READ_BYTES = environment.integer("CONSENSUS_READ_BYTES", default=2 * 1024**3, low=1)
# How many pairs of a round's entries, near in their scores, are compared with each other.
DUPLICATE_MOST_PAIRS = environment.integer("DUPLICATE_MOST_PAIRS", default=5000, low=0)

# Whose address counts against a limit: our own proxy's word, or nobody's.
NUM_PROXIES = 1 if environment.boolean("BEHIND_PROXY", default=False) else 0

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ScopedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticatedOrReadOnly",
        "api.permissions.TokenScope",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "api.parsers.ShortJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["api.limits.ScopeThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.answer",
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.ApiToken",
    "TOKEN_TTL": timedelta(days=180),
    "TOKEN_PREFIX": "hld_",
    "AUTO_REFRESH": False,
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105
SPECTACULAR_SETTINGS = {
    "TITLE": "Heldout API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Rounds, targets, submissions, scores, boards and credit.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ArtifactKind": "catalog.models.Artifact.Kind",
        "SubmissionState": "submissions.models.SubmissionState",
        "DeliveryState": "community.models.DeliveryState",
        "DisputeState": "challenges.models.dispute.Dispute.State",
        "EntryKind": "submissions.models.Submission.EntryKind",
        "EntryKindByPeople": "submissions.models.submission.entry_kinds_by_people",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.description.add_what_all_answers_share",
    ],
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        # A browser checks the redirect after a form too: signing in elsewhere begins with one.
        "form-action": ["'self'", *sign_in.origins(SOCIALACCOUNT_PROVIDERS)],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# The embedded default speaks plain HTTP on loopback; production sits behind TLS.
HTTPS = environment.boolean("HTTPS", default=not EMBEDDED)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = environment.boolean("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

LOG_LEVEL = environment.env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(f"LOG_LEVEL={LOG_LEVEL!r} is not a level; write INFO or DEBUG.")
LOG_FORMAT = environment.env.str("LOG_FORMAT", default="line" if EMBEDDED else "json")
if LOG_FORMAT not in {"line", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT={LOG_FORMAT!r} is neither line nor json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"ids": {"()": "config.logs.IdsFilter"}},
    "formatters": {
        "line": {
            "()": "config.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["ids"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # Two lines for each tick of the scheduler would drown everything else.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
