/**
 * A session whose every part carries the same version, so that whoever reads one can tell whether it is
 * whole: of one moment, with nothing missing and nothing left over.
 */
export interface SealedSession {
  readonly userAgent: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export function seal(version: string, parts: number): SealedSession {
  const numbered = Array.from({ length: parts }, (_, i) => [`part_${i}`, version]);
  return {
    userAgent: `agent ${version} ${"x".repeat(parts * 20)}`,
    attributes: Object.fromEntries([["parts", String(parts)], ...numbered]),
  };
}

/** Of the fields read from the target. */
export function isWhole(fields: ReadonlyMap<string, string>): boolean {
  const version = fields.get("user_agent")?.split(" ")[1];
  const parts = [...fields.keys()].filter((name) => name.startsWith("part_"));
  return (
    version !== undefined &&
    fields.has("user_id") &&
    fields.has("last_activity_at") &&
    parts.length === Number(fields.get("parts")) &&
    parts.every((name) => fields.get(name) === version)
  );
}
