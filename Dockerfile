# syntax=docker/dockerfile:1
#   docker build -t caskd .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:7117:7117 -v caskd-data:/var/lib/caskd caskd
# Settings: -e CASKD_DURABILITY=interval and the like, or flags behind the image's name.
# Inside a container the address must be reachable from outside of it, hence CASKD_INSECURE:
# publish the port to loopback or to a network you trust, or set users and TLS.

FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY scripts/prepare.js scripts/build-console.js scripts/
RUN npm ci --ignore-scripts
COPY src src
RUN npx tsc -p tsconfig.json --declaration false --declarationMap false --sourceMap false
RUN node scripts/build-console.js
RUN npm prune --omit=dev --omit=optional --ignore-scripts

# Node alone, without npm and what else its image brings; flock comes with the base
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libatomic1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/node /usr/local/bin/
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
RUN ln -s /app/bin/caskd.js /usr/local/bin/caskd \
 && ln -s /app/bin/caskctl.js /usr/local/bin/caskctl \
 && install -d -o 1000 -g 1000 -m 0700 /var/lib/caskd
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    HOME=/tmp \
    CASKD_DATA=/var/lib/caskd \
    CASKD_LISTEN=0.0.0.0:7117 \
    CASKD_HTTP=0.0.0.0:7118 \
    CASKD_INSECURE=true
USER 1000:1000
VOLUME /var/lib/caskd
EXPOSE 7117 7118
STOPSIGNAL SIGTERM
# with TLS or another port: CASKD_URL says where
HEALTHCHECK --interval=30s --timeout=3s --start-period=60s CMD ["caskctl", "ping"]
ENTRYPOINT ["caskd"]
