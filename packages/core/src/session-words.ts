import type { CatalogueColumn } from "./catalogue.js";

/*
 * What tables of sessions and their columns tend to be called. Ranks: 0 is no, more is likelier.
 */

export interface Candidate {
  readonly column: CatalogueColumn;
  readonly rank: number;
}

/** `sessionToken`, `SessionToken` and `SESSION_TOKEN` are one name. */
function plain(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase();
}

/** 2: called a session; 1: called like something about signing in. */
export function tableRank(name: string): number {
  const word = plain(name);
  if (/(^|_)(web_?)?sess(ion)?s?(_|$)|sessions?$/.test(word)) return 2;
  return /log_?in|log_?on|sign_?in|auth|token|visit/.test(word) ? 1 : 0;
}

/** Tokens that expire, and keep nobody signed in. */
export function looksUnlikeSessions(table: string): boolean {
  return /reset|verif|invit|confirm|refresh|access_token|api_(key|token)|password|cache|jobs?$/.test(
    plain(table),
  );
}

export function idRank({ name, kind }: CatalogueColumn): number {
  if (kind !== "text" && kind !== "bytes") return 0;
  const word = plain(name);
  if (/^(session|sess|s)_?(id|key|token)$|^session$/.test(word)) return 4;
  if (/(^|_)(session|sess|sid)(_|$)/.test(word)) return 3;
  if (/^(\w+_)?token$/.test(word)) return 2;
  return /^(id|uuid|key)$/.test(word) ? 1 : 0;
}

export function expiryRank({ name, kind }: CatalogueColumn): number {
  if (kind !== "time" && kind !== "number") return 0;
  const word = plain(name);
  // Those last for a while, or are another's.
  if (/expire\w*_(in|after)$|ttl|interval|duration|refresh|access_token|password/.test(word))
    return 0;
  const found = /expir|(^|_)exp(_|$)/.test(word)
    ? 3
    : /(valid|good|alive|live)_?(until|till|to|thru|through)$|(^|_)(until|till|deadline)$|not_after|ends?_at$/.test(
          word,
        )
      ? 1
      : 0;
  return found === 0 ? 0 : found + Number(kind === "time");
}

export function isRecencyName(name: string): boolean {
  return /last_?(seen|activity|active|used?|access|accessed|touched|request)|(accessed|updated|modified|touched|used|seen|refreshed)(_(at|on|time))?$/.test(
    plain(name),
  );
}

/** A column that is likely to be the whole value. */
export function valueRank({ name, kind, isUnique }: CatalogueColumn): number {
  if (isUnique || (kind !== "json" && kind !== "text" && kind !== "bytes")) return 0;
  const word = plain(name);
  if (/^(sess|session)(_?(data|payload|value|json|content|state|blob))?$/.test(word)) return 3;
  if (/^(data|payload|value)$/.test(word)) return 2;
  return /^(val|contents?|body|json|blob|state|attributes|vars)$|_(data|payload)$/.test(word)
    ? 1
    : 0;
}
