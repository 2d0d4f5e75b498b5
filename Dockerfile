# The binary alone on a small base, as a user without rights.
# Build it with: docker build --tag pawl .
FROM docker.io/library/rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake g++ make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package pawl

FROM docker.io/library/debian:12.12-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/pawl --create-home pawl
COPY --from=build /src/target/release/pawl /usr/local/bin/pawl
USER pawl
WORKDIR /var/lib/pawl
ENV PAWL_DATA=/var/lib/pawl/data PAWL_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /var/lib/pawl
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD curl --fail --silent --show-error http://127.0.0.1:8080/healthz || exit 1
ENTRYPOINT ["pawl"]
CMD ["serve"]
