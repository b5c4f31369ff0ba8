import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { RehomeError } from "@rehome/core";
import type pg from "pg";

/** Parameters of the URL that are read here. The driver means something else by them, and prints a warning. */
const TLS_PARAMETERS = [
  "ssl",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslpassword",
  "sslnegotiation",
  "uselibpqcompat",
] as const;

/**
 * What the driver is given for a URL, with TLS as libpq means it: https://www.postgresql.org/docs/current/libpq-ssl.html.
 * `allow` and `prefer` ask for TLS as `require` does, and never do without. Throws RehomeError `malformed-url` (exit 2) for
 * a mode that there is not, and `unreadable-certificate` (exit 2).
 */
export function connectOptions(url: URL): pg.ClientConfig {
  refuseUndecodable(url);
  const bare = new URL(url);
  for (const name of TLS_PARAMETERS) bare.searchParams.delete(name);
  const ssl = tlsOptions(url.searchParams);
  const isDirect = url.searchParams.get("sslnegotiation") === "direct";
  return {
    connectionString: bare.href,
    ...(ssl === undefined ? {} : { ssl }),
    ...(isDirect ? { sslnegotiation: "direct" } : {}),
  };
}

/** The driver would throw an error that quotes it. */
function refuseUndecodable({ username, password, pathname }: URL): void {
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part);
  } catch {
    throw new RehomeError("malformed-url", "the source's URL cannot be decoded", {
      hint: "Check SOURCE_URL; characters such as @ / : # % in a password must be percent-encoded",
      exitCode: 2,
    });
  }
}

/** Undefined where the URL says nothing of TLS: then there is none. */
function tlsOptions(parameters: URLSearchParams): ConnectionOptions | false | undefined {
  const mode = parameters.get("sslmode") ?? modeOf(parameters);
  if (mode === undefined) return undefined;
  if (mode === "disable") return false;
  const rootcert = parameters.get("sslrootcert");
  const options: ConnectionOptions = {
    // `system` stands for the CAs that are trusted anyway.
    ...(rootcert === "system" ? {} : read("ca", "sslrootcert", parameters)),
    ...read("cert", "sslcert", parameters),
    ...read("key", "sslkey", parameters),
    passphrase: parameters.get("sslpassword") ?? undefined,
  };
  switch (mode) {
    case "allow":
    case "prefer":
    case "require":
      return rootcert === null ? { ...options, rejectUnauthorized: false } : anyName(options);
    case "no-verify":
      return { ...options, rejectUnauthorized: false };
    case "verify-ca":
      // A public CA vouches for a name, and for nothing else.
      return options.ca === undefined ? options : anyName(options);
    case "verify-full":
      return options;
    default:
      throw new RehomeError("malformed-url", "the source's URL names an unknown sslmode", {
        hint: "Check SOURCE_URL: sslmode is disable, require, verify-ca or verify-full",
        exitCode: 2,
      });
  }
}

/** As the driver reads it where there is no mode. */
function modeOf(parameters: URLSearchParams): string | undefined {
  const ssl = parameters.get("ssl");
  if (ssl === "0" || ssl === "false") return "disable";
  const names = ["ssl", "sslrootcert", "sslcert", "sslkey"];
  const isDirect = parameters.get("sslnegotiation") === "direct";
  return isDirect || names.some((name) => parameters.has(name)) ? "verify-full" : undefined;
}

/** The certificate must be of the CA given, whatever host it names. */
function anyName(options: ConnectionOptions): ConnectionOptions {
  return { ...options, checkServerIdentity: () => undefined };
}

function read(
  option: "ca" | "cert" | "key",
  name: string,
  parameters: URLSearchParams,
): ConnectionOptions {
  const path = parameters.get(name);
  if (path === null) return {};
  try {
    return { [option]: readFileSync(path, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new RehomeError(
      "unreadable-certificate",
      `the source's URL names a file as ${name} that cannot be read (${code})`,
      { hint: `Check ${name} in SOURCE_URL`, exitCode: 2 },
    );
  }
}
