# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY . .
# Of the program, such as otlp: docker build --build-arg FEATURES=otlp
ARG FEATURES=
# Downloads and compiled dependencies outlive a change of the sources in the caches; only the program goes on.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --features "$FEATURES" \
    && install -D target/release/bursar /out/bursar \
    && mkdir /out/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/bursar /usr/local/bin/bursar
COPY --from=build --chown=nonroot:nonroot /out/data /data
# In a container everything comes from outside. Nobody is authenticated there, so whoever runs it has to say so:
# BURSAR_INSECURE_NO_AUTH=true, with the ports published on loopback only (docker-compose.yml).
ENV BURSAR_HOST=0.0.0.0 BURSAR_DATA_DIR=/data
VOLUME /data
EXPOSE 3000 3001 3002 3003 3004
HEALTHCHECK --interval=10s --timeout=12s --start-period=30s --start-interval=1s CMD ["/usr/local/bin/bursar", "health"]
ENTRYPOINT ["/usr/local/bin/bursar"]
