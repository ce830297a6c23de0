# Needs Python >= 3.11 and make, nothing else. Every target sets up .venv by itself.
#   make demo                 the main job, then the site at http://127.0.0.1:8000
#   SERVE=0 make demo         the same, ends after printing both boards
#   PORT=9000 make demo       another port; HELDOUT_HOME=/folder another data folder
#   make serve                the site alone
#   make test | lint | bench | chaos | docs | lock
#   make peers                also installs what the tests compare numbers with
#   make replay CASE=/folder  hold a published round again and compare every number

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && exit; \
	done)
endif
BIN := .venv/bin
# Without written bytecode each process would compile all of Django again: seconds each.
unexport PYTHONDONTWRITEBYTECODE
# One place for what mypy checks.
PACKAGES := accounts api bench bootstrap.py catalog challenges community config demo heldout leaderboards pages \
	rehearsal scoring submissions tests
# A made-up production environment, for Django's deployment checks.
DEPLOYMENT := DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
	STORAGE_URL=s3://bucket/heldout SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	ALLOWED_HOSTS=heldout.example HTTPS=1 HELDOUT_HOME=$$(mktemp -d)

.DEFAULT_GOAL := help
.PHONY: help server dev peers demo serve test test-sqlite test-postgres test-engine test-permissions lint mypy bench chaos docs lock replay

help:
	@sed -n '2,9s/^# *//p' Makefile

server dev peers:
	@test -n "$(PYTHON)" || { echo 'setup | Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.12 ...'; exit 1; }
	@$(PYTHON) bootstrap.py $@

demo: server
	@exec $(BIN)/python -m demo

serve: server
	@exec $(BIN)/python -m config.embedded

# Four runs that share nothing: make -j3 test holds three at a time.
test: test-sqlite test-postgres test-engine test-permissions
ELSEWHERE := --ignore=tests/scoring --ignore=tests/permissions

test-sqlite: dev
	@echo "== tests on SQLite"
	@$(BIN)/python -m pytest $(ELSEWHERE)

# Again all that opens the test database, but the browser's walk and what no database changes.
test-postgres: dev
	@echo "== tests on PostgreSQL"
	@$(BIN)/python -m tests.servers postgres -- \
		$(BIN)/python -m pytest $(ELSEWHERE) -m "database and not browser and not one_database"

test-engine: dev
	@echo "== tests of the scoring engine"
	@$(BIN)/python -m pytest tests/scoring

# Every address as every kind of visitor: ten thousand requests.
test-permissions: dev
	@echo "== tests of who may do what"
	@$(BIN)/python -m pytest tests/permissions

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(DEPLOYMENT) $(BIN)/python -W error::DeprecationWarning manage.py check --deploy --fail-level WARNING

mypy:
	$(BIN)/mypy $(PACKAGES)

bench: dev
	@exec $(BIN)/python -m bench

# Faults on purpose against real servers, some minutes; `make chaos CHAOS="--submissions 200"`.
chaos: dev
	@exec $(BIN)/python -m tests.chaos $(CHAOS)

# The API's description (not kept in the repository); then metrics page, links and examples.
docs: dev
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	$(BIN)/python -m tests.docs

# Locks hold versions and hashes, never an address.
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header pyproject.toml
EVERYTHING := --extra server --extra client --extra keyring --extra production --extra formats --extra fast
SAME := --constraint requirements/peers.txt
# The widest first: the others take the versions that it found.
lock: server
	$(BIN)/uv $(COMPILE) $(EVERYTHING) --group dev --group peers -o requirements/peers.txt
	$(BIN)/uv $(COMPILE) $(SAME) $(EVERYTHING) --group dev -o requirements/dev.txt
	$(BIN)/uv $(COMPILE) $(SAME) --extra server --extra client --group build -o requirements/server.txt
	$(BIN)/uv $(COMPILE) $(SAME) --extra server --extra production --group build -o requirements/production.txt
	echo uv | $(BIN)/uv $(subst pyproject.toml,-,$(COMPILE)) -o requirements/uv.txt

replay: server
	@test -n "$(CASE)" || { echo 'Name the folder of the round: make replay CASE=/path/to/case'; exit 2; }
	@exec $(BIN)/python -m demo.replay "$(CASE)"
