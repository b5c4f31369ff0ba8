import { RehomeError } from "./error.js";
import { tlsServerName } from "./tls-server-name.js";

/** Where a Redis is, and as whom. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly servername?: string };
  /** All that may be shown: `host:port/db`. */
  readonly address: string;
}

const DEFAULT_PORT = 6379;

/**
 * `redis[s]://[user][:password@]host[:port][/db]`. What else the URL holds is ignored: ioredis would take its query for options,
 * among them ones on which correctness depends. Throws RehomeError `malformed-url` (exit 2), which does not quote it.
 */
export function parseRedisUrl(url: URL, side: "target" | "queue"): RedisServer {
  const db = /^\/?(\d{0,6})$/.exec(url.pathname)?.[1];
  const [username, password] = [decode(url.username), decode(url.password)];
  const isKnown = url.protocol === "redis:" || url.protocol === "rediss:";
  if (
    !isKnown ||
    url.hostname === "" ||
    db === undefined ||
    username === null ||
    password === null
  ) {
    throw new RehomeError(
      "malformed-url",
      `the ${side}'s URL is not of the form redis://user:password@host:port/db`,
      {
        hint: `Check ${side.toUpperCase()}_URL; db is a number, and characters such as @ / : # % in a password must be percent-encoded`,
        exitCode: 2,
      },
    );
  }
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    db: Number(db),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: tlsServerName(url) } : {}),
    address: `${url.hostname}:${port}/${Number(db)}`,
  };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
