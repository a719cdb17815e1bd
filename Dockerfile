# digestbot in a container: built in one stage, run in another without build tools, as a user without rights.
#
#   docker build --tag digestbot --build-arg TORCH_INDEX=<PyTorch's CPU wheel index> .
#   docker run --read-only --tmpfs /tmp --volume digestbot:/var/lib/digestbot \
#     --volume ./config:/etc/digestbot:ro --env-file tokens.env digestbot
FROM python:3.11-slim AS build
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/digestbot
COPY constraints.txt ./
RUN /opt/digestbot/bin/pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --constraint constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY config/demo ./config/demo
COPY digestbot ./digestbot
RUN /opt/digestbot/bin/pip install --constraint constraints.txt '.[model,postgresql]'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/digestbot --create-home digestbot
COPY --from=build /opt/digestbot /opt/digestbot
ENV PATH=/opt/digestbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    DIGESTBOT_CONFIG=/etc/digestbot/digestbot.toml \
    DIGESTBOT_DATABASE__URL=sqlite:////var/lib/digestbot/digestbot.sqlite3 \
    DIGESTBOT_MODEL__CACHE=/var/lib/digestbot/models
USER digestbot
WORKDIR /var/lib/digestbot
VOLUME /var/lib/digestbot
STOPSIGNAL SIGINT
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["digestbot", "status", "--json"]
ENTRYPOINT ["digestbot"]
CMD ["run"]
