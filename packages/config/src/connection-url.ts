import { RehomeError } from "@rehome/core";

/**
 * Reads a connection URL from the environment. Throws RehomeError (exit 2) when it is missing, malformed or
 * of another protocol; the message never quotes it, since it holds a password.
 */
export function parseConnectionUrl(
  name: string,
  text: string | undefined,
  protocols: readonly string[],
): URL {
  const example = `${name}=${protocols[0]}//user:password@host/…`;
  if (text === undefined || text.trim() === "") {
    throw new RehomeError("missing-url", `${name} is not set`, {
      hint: `Set it in the environment, for example ${example}`,
      exitCode: 2,
    });
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !protocols.includes(url.protocol) || url.hostname === "" || hasStrayAt(url)) {
    throw new RehomeError(
      "malformed-url",
      `${name} is not a URL of the form ${protocols.join("// or ")}//…`,
      {
        hint: `It should look like ${example}; characters such as @ / : # ? in a password, and any @ after the host, must be percent-encoded`,
        exitCode: 2,
      },
    );
  }
  return url;
}

/**
 * An @ after the host is mostly the one meant to end a password that holds a / # or ?: what was parsed as
 * host, port and database is then a piece of that password, and displayUrl would show it.
 */
function hasStrayAt(url: URL): boolean {
  return `${url.pathname}${url.search}${url.hash}`.includes("@");
}

/** Host, port and database: everything that may be shown of a connection URL. */
export function displayUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
