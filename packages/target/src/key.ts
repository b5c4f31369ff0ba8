import type { RunId, SessionId } from "@rehome/core";

export function sessionKey(keyPrefix: string, id: SessionId): string {
  return keyPrefix + id;
}

export function markerKey(run: RunId, keyPrefix: string): string {
  return `${ownPrefix(keyPrefix, "marker")}${run}`;
}

/** The prefix of a key of ours on which permissions are tried. */
export function probePrefix(keyPrefix: string): string {
  return ownPrefix(keyPrefix, "probe");
}

/** What is ours must not be taken for a session: two names that differ in their first letter cannot both begin with one prefix. */
function ownPrefix(keyPrefix: string, kind: string): string {
  const name = `rehome:${kind}:`;
  return name.startsWith(keyPrefix) || keyPrefix.startsWith(name) ? `.${name}` : name;
}
