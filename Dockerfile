# Redis with regear:
#   docker build -t regear .
#   docker run -e REDIS_PASSWORD=… -p 6379:6379 -v ./recipes:/recipes regear \
#     /recipes/sqlite_quickstart.py
FROM debian:12 AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    cmake g++ libhiredis-dev libmariadb-dev libpqxx-dev libspdlog-dev \
    libsqlite3-dev ninja-build nlohmann-json3-dev pkg-config python3-dev python3-venv \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.txt ./
COPY scripts/requirements/build.txt scripts/requirements/
RUN python3 -m venv /opt/build \
  && /opt/build/bin/pip install --no-cache-dir -r scripts/requirements/build.txt \
  && python3 -m venv /opt/regear \
  && /opt/regear/bin/pip install --no-cache-dir -r requirements.txt
COPY . .
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /dist . \
    --config-settings=cmake.define.REGEAR_WITH_MYSQL=ON \
    --config-settings=cmake.define.REGEAR_WITH_POSTGRES=ON \
  && /opt/regear/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM debian:12-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    libhiredis0.14 libmariadb3 libpqxx-6.4 libspdlog1.10 libsqlite3-0 \
    python3 redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o redis -g redis /data
COPY --from=build /opt/regear /opt/regear
COPY scripts/docker-entrypoint /usr/local/bin/
ENV PATH=/opt/regear/bin:$PATH PYTHONUNBUFFERED=1
USER redis
WORKDIR /data
VOLUME /data
EXPOSE 6379
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["sh", "-c", "REDISCLI_AUTH=\"$REDIS_PASSWORD\" redis-cli ping | grep -q PONG"]
# Recipes are its arguments.
ENTRYPOINT ["docker-entrypoint"]
