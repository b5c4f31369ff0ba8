import {
  CONFLICT_POLICIES,
  DEFAULT_SAMPLE,
  MAX_CHUNK_SIZE,
  ORDERS,
  VERIFY_MODES,
} from "@rehome/core";
import {
  onOrOff,
  oneOf,
  originOrNone,
  proxyList,
  type Setting,
  text,
  whole,
  wholeOrAuto,
  wholeOrNone,
} from "./setting.js";

const HOUR_MS = 3_600_000;

/**
 * Every flag that has a default, by section and key of the config file. Flags, environment and file take the
 * same values because all three are made from this table.
 */
export const SETTINGS = {
  start: {
    chunkSize: wholeOrNone({
      flag: "chunk-size",
      takes: "n",
      env: "REHOME_CHUNK_SIZE",
      about: "sessions in a chunk; by default 20,000, in physical order up to 100,000",
      min: 1,
      max: MAX_CHUNK_SIZE,
    }),
    onConflict: oneOf({
      flag: "on-conflict",
      takes: "policy",
      env: "REHOME_ON_CONFLICT",
      about: "what happens to a session the target already holds",
      default: "newer",
      choices: CONFLICT_POLICIES,
    }),
    maxRate: wholeOrNone({
      flag: "max-rate",
      takes: "n",
      env: "REHOME_MAX_RATE",
      about: "sessions per second over all workers",
      min: 1,
    }),
    maxRejects: wholeOrNone({
      flag: "max-rejects",
      takes: "n",
      env: "REHOME_MAX_REJECTS",
      about:
        "stop the run when more sessions than this are rejected, 0 for at the first; by default 1 % of the sessions, at least 1,000",
      min: 0,
    }),
    order: oneOf({
      flag: "order",
      takes: "order",
      env: "REHOME_ORDER",
      about: "in which the source is read: physical where it can be, or always by the session ids",
      default: "auto",
      choices: ORDERS,
    }),
    allowEviction: onOrOff({
      flag: "allow-eviction",
      env: "REHOME_ALLOW_EVICTION",
      about: "start though the target may evict sessions when it is full",
    }),
    allowSharedIds: onOrOff({
      flag: "allow-shared-ids",
      env: "REHOME_ALLOW_SHARED_IDS",
      about:
        "start though nothing makes the session ids unique, as in a view: sessions that share an id are rejected",
    }),
  },
  verify: {
    mode: oneOf({
      flag: "mode",
      takes: "mode",
      env: "REHOME_VERIFY_MODE",
      about: "how thoroughly",
      default: "sample",
      choices: VERIFY_MODES,
    }),
    sample: whole({
      flag: "sample",
      takes: "n",
      env: "REHOME_VERIFY_SAMPLE",
      about: "sessions to compare",
      default: DEFAULT_SAMPLE,
      min: 1,
    }),
  },
  seed: {
    users: whole({
      flag: "users",
      takes: "n",
      env: "REHOME_SEED_USERS",
      about: "users to create",
      default: 20_000,
      min: 1,
    }),
    sessions: whole({
      flag: "sessions",
      takes: "n",
      env: "REHOME_SEED_SESSIONS",
      about: "sessions to create",
      default: 100_000,
      min: 0,
    }),
    seed: whole({
      flag: "seed",
      takes: "n",
      env: "REHOME_SEED",
      about: "same seed, same sessions",
      default: 1,
      min: 0,
    }),
  },
  worker: {
    concurrency: wholeOrAuto({
      flag: "concurrency",
      takes: "n",
      env: "REHOME_CONCURRENCY",
      about: "chunks copied at the same time; auto: as many as the servers' distance asks for",
      min: 1,
      max: 64,
    }),
    healthPort: wholeOrNone({
      flag: "health-port",
      takes: "port",
      env: "REHOME_HEALTH_PORT",
      about:
        "serve GET /healthz on this port of every address, without a login: containers need that",
      min: 1,
      max: 65_535,
    }),
    lockMs: whole({
      flag: "lock",
      takes: "ms",
      env: "REHOME_LOCK_MS",
      about: "how long a chunk stays a silent worker's",
      default: 30_000,
      min: 500,
      max: HOUR_MS,
    }),
    stalledMs: whole({
      flag: "stalled",
      takes: "ms",
      env: "REHOME_STALLED_MS",
      about: "how often chunks of dead workers are looked for",
      default: 30_000,
      min: 500,
      max: HOUR_MS,
    }),
    sourceSilenceMs: whole({
      flag: "source-silence",
      takes: "ms",
      env: "REHOME_SOURCE_SILENCE_MS",
      about:
        "how long the source may keep a chunk waiting without a word before the connection is given up",
      default: 300_000,
      min: 500,
      max: HOUR_MS,
    }),
    stopTimeoutMs: whole({
      flag: "stop-timeout",
      takes: "ms",
      env: "REHOME_STOP_TIMEOUT_MS",
      about: "how long a stop waits for the chunks in hand",
      default: 20_000,
      min: 0,
      max: HOUR_MS,
    }),
    logLevel: oneOf({
      flag: "log-level",
      takes: "level",
      env: "LOG_LEVEL",
      about: "how much is logged",
      default: "info",
      choices: ["trace", "debug", "info", "warn", "error", "silent"],
    }),
  },
  dashboard: {
    host: text({
      flag: "host",
      takes: "host",
      env: "REHOME_DASHBOARD_HOST",
      about: "address to listen on; other than loopback only where users are configured",
      default: "127.0.0.1",
    }),
    port: whole({
      flag: "port",
      takes: "port",
      env: "REHOME_DASHBOARD_PORT",
      about: "port to listen on (0: any)",
      default: 3000,
      min: 0,
      max: 65_535,
    }),
    origin: originOrNone({
      flag: "origin",
      takes: "url",
      env: "REHOME_DASHBOARD_ORIGIN",
      about: "where browsers reach it if a proxy is in between",
    }),
    proxies: proxyList({
      flag: "proxies",
      takes: "list",
      env: "REHOME_DASHBOARD_PROXIES",
      about: "whose X-Forwarded-For is believed, where --origin is given",
      default: "loopback",
    }),
    loginHours: whole({
      flag: "login-hours",
      takes: "n",
      env: "REHOME_DASHBOARD_LOGIN_HOURS",
      about: "hours until a user must sign in again",
      default: 12,
      min: 1,
      max: 720,
    }),
  },
} as const;

export type Section = keyof typeof SETTINGS;
export const SECTIONS = Object.keys(SETTINGS) as Section[];

/** A section's settings by their keys. */
export function settingsOf(section: Section): [key: string, setting: Setting][] {
  return Object.entries<Setting>(SETTINGS[section]);
}

/** A section's values by their keys. */
export type Values<S extends Section> = {
  -readonly [K in keyof (typeof SETTINGS)[S]]: (typeof SETTINGS)[S][K] extends Setting<infer T>
    ? T
    : never;
};
