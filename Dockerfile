# The image of nodes and operator: built in one stage on Debian 12, run from a second one with the libraries alone.
FROM docker.io/library/debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./dev deps build && ./dev build release guccho-node guccho-operator guccho

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends libgrpc++1.51 libprotobuf32 libprometheus-cpp-core1.0 \
      libprometheus-cpp-pull1.0 libcivetweb1 libfmt9 libspdlog1.10 libyaml-cpp0.7 libre2-9 liblzf1 libssl3 liblua5.1-0 lua-cjson lua-bitop \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/bin/guccho-node /src/build/release/bin/guccho-operator /src/build/release/bin/guccho \
     /usr/local/bin/
RUN useradd --system --uid 10001 --home-dir /data --create-home guccho
USER 10001
WORKDIR /data
# RESP, router, cluster bus, admin, metrics, health
EXPOSE 6379 6380 16379 9379 9121 9122
ENTRYPOINT ["guccho-node"]
# Protected mode would answer every other container, and what comes through a published port, with -DENIED, since there is no
# password. It guards machines whose ports are open by accident; a container's are reached over the networks it was given and
# by -p alone. The official Redis image turns it off, too. Own arguments take the place of these: repeat it, or set requirepass.
CMD ["--dir", "/data", "--port", "6379", "--router-port", "6380", "--metrics-port", "9121", "--health-port", "9122", \
     "--protected-mode", "no"]
