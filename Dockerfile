# Redis with regear: docker build -t regear .
FROM debian:12 AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    cmake g++ libhiredis-dev libpqxx-dev libspdlog-dev libsqlite3-dev \
    ninja-build nlohmann-json3-dev pkg-config python3-dev python3-venv \
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
    --config-settings=cmake.define.REGEAR_WITH_POSTGRES=ON \
  && /opt/regear/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM debian:12-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    libhiredis0.14 libpqxx-6.4 libspdlog1.10 libsqlite3-0 python3 redis-server \
    tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o redis -g redis /data
COPY --from=build /opt/regear /opt/regear
ENV PATH=/opt/regear/bin:$PATH PYTHONUNBUFFERED=1
USER redis
WORKDIR /data
VOLUME /data
EXPOSE 6379
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=5 \
  CMD ["redis-cli", "ping"]
ENTRYPOINT ["tini", "--", "regear", "up", "--port", "6379", "--data", "/data"]
