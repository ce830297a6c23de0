FROM python:3.11.13-slim-bookworm AS build
WORKDIR /opt/heldout
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/production.txt requirements/
RUN pip install --require-hashes -r requirements/production.txt
COPY . .
RUN pip install --no-build-isolation --no-deps --editable . \
 && python -m compileall -q /opt/heldout \
 && DATABASE_URL=postgres://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 SECRET_KEY=build \
    HELDOUT_HOME=/tmp/build STATIC_ROOT=/opt/heldout/static-files \
    python manage.py collectstatic --no-input

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/heldout --shell /usr/sbin/nologin heldout \
 && install -d -o heldout -g heldout -m 0700 /srv/heldout
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/heldout /opt/heldout
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/heldout
USER heldout
VOLUME /srv/heldout
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--threads=4", "--no-control-socket"]
