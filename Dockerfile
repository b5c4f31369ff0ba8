# One image an app: docker build --build-arg APP=worker .   (or dashboard, or producer, which is the CLI)
#
# NODE_IMAGE may be any Debian with Node 20.19 or later, npm and a user called node. Pin it by digest where builds
# must be repeatable.
ARG NODE_IMAGE=node:24-bookworm-slim

# What the app needs of the monorepo, twice: with the workspaces that build and test it, and without. `json` holds
# the manifests alone, so that a change of code leaves the installed layers below as they are.
FROM ${NODE_IMAGE} AS pruned
ARG APP
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /repo
COPY . .
RUN turbo="turbo@$(node -p 'require("./package.json").devDependencies.turbo')" \
  && npx --yes "$turbo" prune "@rehome/${APP}" --docker --out-dir=/pruned/build \
  && npx --yes "$turbo" prune "@rehome/${APP}" --docker --out-dir=/pruned/production --production

FROM ${NODE_IMAGE} AS built
ARG APP
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /repo
COPY --from=pruned /pruned/build/json/ ./
# None of our dependencies needs its install script: what is native comes prebuilt.
RUN npm ci --ignore-scripts
COPY --from=pruned /pruned/build/full/ ./
# Every workspace extends it, but it belongs to none, so it is not among what was pruned.
COPY tsconfig.json ./
RUN npx turbo run build --filter="@rehome/${APP}"
# What is left of a workspace is what it runs with: bin, dist, lua and its manifest.
RUN rm -rf apps/*/src packages/*/src apps/*/test packages/*/test \
  apps/*/.turbo packages/*/.turbo apps/*/node_modules packages/*/node_modules \
  apps/*/tsconfig*.json packages/*/tsconfig*.json apps/*/vitest.config.ts packages/*/vitest.config.ts \
  apps/*/page apps/*/vite.config.ts apps/*/screenshots

# Production dependencies only. `npm ci` holds manifests against the lock file even where it is to leave
# devDependencies out, and would look for our own, which are not here, in the registry.
FROM ${NODE_IMAGE} AS production
WORKDIR /app
COPY --from=pruned /pruned/production/json/ ./
RUN npm pkg delete devDependencies --workspaces --include-workspace-root \
  && npm ci --ignore-scripts

FROM ${NODE_IMAGE}
# In the image, so that every way of starting it has an init: as process 1, node would neither reap children nor
# end at a signal it does not handle.
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*
# Both long-running apps answer /healthz on one port, so that one check fits both.
ENV NODE_ENV=production REHOME_HEALTH_PORT=3000 REHOME_DASHBOARD_PORT=3000
WORKDIR /app
# Root's: the app cannot change its own code.
COPY --from=production /app/ ./
COPY --from=built /repo/apps/ ./apps/
COPY --from=built /repo/packages/ ./packages/
ARG APP
# Each app has one command. Fails here, not at the start, if it does not.
RUN ln -s "apps/${APP}/bin/"*.js app.js && test -f app.js
USER node
# Of the CLI, which serves nothing, it is to be switched off (--no-healthcheck).
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# A stop needs longer than the worker gives its chunks (REHOME_STOP_TIMEOUT_MS and 5 s): docker stop -t 40.
ENTRYPOINT ["tini", "--", "node", "app.js"]
