import {
  type KeyLayout,
  readSessionId,
  type RunId,
  type SessionId,
  sessionIdBytes,
} from "@rehome/core";

/** A text; bytes where ids are bytes. */
export function sessionKey(
  { prefix, idHoldsPrefix, idKind }: KeyLayout,
  id: SessionId,
): string | Buffer {
  if (idKind === "text") return idHoldsPrefix ? id : prefix + id;
  const bytes = sessionIdBytes(idKind, id);
  return idHoldsPrefix ? bytes : Buffer.concat([Buffer.from(prefix), bytes]);
}

/** The inverse, for a key that begins with the prefix. */
export function sessionIdOf({ prefix, idHoldsPrefix, idKind }: KeyLayout, key: Buffer): SessionId {
  return readSessionId(idKind, key, idHoldsPrefix ? 0 : Buffer.byteLength(prefix), key.length);
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
