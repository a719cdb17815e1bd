# digestbot in a container: built in one stage, run in another without build tools, as a user without rights.
#
#   docker build --tag digestbot --build-arg TORCH_INDEX=<PyTorch's CPU wheel index> .
#   docker build --tag digestbot:slim --target slim .       (no torch, no encoder: a remote model, or plain sentences)
#   docker run --read-only --tmpfs /tmp --volume digestbot:/var/lib/digestbot \
#     --volume ./config:/etc/digestbot:ro --env-file tokens.env digestbot
FROM python:3.11-slim-trixie AS base
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/digestbot && /opt/digestbot/bin/pip install --no-compile --upgrade "pip==26.3"
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY config/demo ./config/demo
COPY digestbot ./digestbot

FROM base AS build-slim
# transformers and what it brings serve local models alone; nothing of the bot imports them before a model is asked for.
COPY packaging/slim.lock ./
RUN /opt/digestbot/bin/pip install --no-compile --require-hashes --requirement slim.lock \
    && /opt/digestbot/bin/pip install --no-compile --no-deps . \
    && /opt/digestbot/bin/pip uninstall --yes transformers tokenizers huggingface-hub hf-xet pip

FROM base AS build-full
ARG TORCH_INDEX=""
RUN /opt/digestbot/bin/pip install --no-compile ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
        --constraint constraints.txt torch \
    && /opt/digestbot/bin/pip install --no-compile --constraint constraints.txt '.[model,gguf,postgresql]' \
    && /opt/digestbot/bin/pip uninstall --yes pip

FROM python:3.11-slim-trixie AS run
# pg_dump and pg_restore of PostgreSQL 17, for "digestbot backup"; Debian trixie keeps this version of them.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/digestbot --create-home digestbot \
    && mkdir /var/lib/digestbot/models && chown digestbot: /var/lib/digestbot/models
ENV PATH=/opt/digestbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    HF_HOME=/var/lib/digestbot/models/hub \
    DIGESTBOT_CONFIG=/etc/digestbot/digestbot.toml \
    DIGESTBOT_DATABASE__URL=sqlite:////var/lib/digestbot/digestbot.sqlite3 \
    DIGESTBOT_MODEL__CACHE=/var/lib/digestbot/models
WORKDIR /var/lib/digestbot
# The database, and the models that were fetched (`--env HF_HUB_OFFLINE=0 … models pull`) and converted; the rest of
# the file system may be read-only.
VOLUME /var/lib/digestbot
STOPSIGNAL SIGINT
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["digestbot", "status", "--json"]
ENTRYPOINT ["digestbot"]
CMD ["run"]

FROM run AS slim
COPY --from=build-slim /opt/digestbot /opt/digestbot
USER 10001

FROM run AS full
COPY --from=build-full /opt/digestbot /opt/digestbot
USER 10001
