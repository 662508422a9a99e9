# docker build -t digital-dalla .
# docker run -d --name dalla -p 127.0.0.1:3000:3000 -v dalla:/data --env-file .env digital-dalla
#
# Set a password first: docker run -it --rm -v dalla:/data digital-dalla set-password

FROM rust:1.95-trixie AS build
RUN apt-get update -q && apt-get install -qy --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && cp target/release/digital-dalla /digital-dalla

FROM debian:trixie-slim
RUN useradd --system --uid 1000 --home-dir /data --shell /usr/sbin/nologin dalla && install -d -o dalla -g dalla -m 0700 /data
COPY --from=build /digital-dalla /usr/local/bin/digital-dalla
USER dalla
VOLUME /data
# Where the key that seals secrets is made: in the volume, but beside the data and not in it.
ENV DALLA_LISTEN=0.0.0.0:3000 DALLA_DATA_DIR=/data/data XDG_CONFIG_HOME=/data/config
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ok <&3"]
ENTRYPOINT ["digital-dalla"]
