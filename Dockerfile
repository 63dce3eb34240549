# syntax=docker/dockerfile:1
# One image for every part: Ray nodes, `onefold serve`, `onefold store migrate`, Serve replicas.
#   docker build -t onefold .
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY constraints.txt pyproject.toml ./
# What we depend on is a layer of its own: a change of our code leaves it as it is.
RUN python -m venv /opt/onefold \
    && python -m pip install --constraint constraints.txt hatchling \
    && python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['serve'], sep='\n')" > dependencies.txt \
    && /opt/onefold/bin/python -m pip install --constraint constraints.txt --requirement dependencies.txt
COPY README.md LICENSE ./
COPY domain domain
COPY store store
COPY actors actors
COPY projections projections
# With service/static: the browser SDK as `scripts/sdk --build` made it from sdk/web.
COPY service service
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /wheel . \
    && /opt/onefold/bin/python -m pip install --no-deps --no-index /wheel/*.whl \
    && /opt/onefold/bin/python -m pip check

FROM ${PYTHON}
RUN groupadd --gid 10001 onefold \
    && useradd --uid 10001 --gid onefold --create-home onefold \
    && install --directory --owner onefold --group onefold --mode 0700 /data \
    && printf 'PATH=/opt/onefold/bin:$PATH\n' > /etc/profile.d/onefold.sh
COPY --from=build /opt/onefold /opt/onefold
ENV PATH=/opt/onefold/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ONEFOLD_DATA=/data \
    RAY_USAGE_STATS_ENABLED=0 \
    RAY_ENABLE_UV_RUN_RUNTIME_ENV=0 \
    RAY_DEDUP_LOGS=0 \
    RAY_worker_niceness=0 \
    RAY_kill_worker_timeout_milliseconds=500 \
    RAY_core_worker_internal_heartbeat_ms=100 \
    RAY_timeout_ms_task_wait_for_death_info=100
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["onefold", "serve", "--host", "0.0.0.0"]
