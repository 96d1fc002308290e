# syntax=docker/dockerfile:1
#   docker build -t caskd .
#   docker run -p 127.0.0.1:7117:7117 -v caskd-data:/var/lib/caskd caskd
# Inside a container the address must be reachable from outside of it, hence --insecure: publish
# the port to loopback or to a network you trust.

FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY scripts/prepare.js scripts/
RUN npm ci --ignore-scripts
COPY src src
RUN npx tsc -p tsconfig.json
# the base image brings Node, so the bundled one is left out
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
# the image's user `node` has uid and gid 1000
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/caskd
USER 1000:1000
VOLUME /var/lib/caskd
EXPOSE 7117
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "bin/caskctl.js", "ping"]
ENTRYPOINT ["node", "bin/caskd.js", "--data", "/var/lib/caskd", "--listen", "0.0.0.0:7117", "--insecure"]
