import {
  type Bound,
  fingerprint,
  type Mapping,
  makeTransform,
  newFingerprintKey,
  RehomeError,
  type ResolvedStore,
  type TargetLayout,
  targetLayoutOf,
  type TargetSession,
  textBytes,
  TransformedBatch,
} from "@rehome/core";
import type { SessionSource } from "@rehome/source";
import { projectBytes } from "@rehome/target";

/** Enough sessions to tell how long reading takes, and how much memory a session needs. */
const SIZE = 2_000;
const SHOWN = 3;

/** What a few sessions say about all of them. */
export interface Sample {
  readonly read: number;
  readonly seconds: number;
  /** Bytes of memory in the target; null where none would be written. */
  readonly meanBytes: number | null;
  readonly shown: readonly ShownSession[];
}

/** What may be shown of a session that would be written: never its id, never a value. */
export interface ShownSession {
  /** `session:<fingerprint>` */
  readonly key: string;
  readonly type: TargetLayout["type"];
  /** Of a hash; null for a string. */
  readonly fields: readonly string[] | null;
  /** Bytes of all values. */
  readonly bytes: number;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
}

/** The first sessions in the order of ids, which depends on nothing else about them. */
export async function readSample(
  source: SessionSource,
  store: ResolvedStore,
  mapping: Mapping,
): Promise<Sample> {
  const layout = targetLayoutOf({ store, mapping });
  const transform = makeTransform({ store, mapping, startedAt: Date.now() });
  const transformed = new TransformedBatch(layout.keys.idKind);
  const sessions: TargetSession[] = [];
  let read = 0;
  const upTo = await firstBound(source);
  const started = performance.now();
  const range = { after: null, upTo };
  for await (const batch of source.extract(range, { maxSessionBytes: mapping.maxSessionBytes })) {
    read += batch.count;
    transform(batch, Date.now(), transformed);
    for (let i = 0; i < transformed.count; i += 1) {
      const one = transformed.at(i);
      if (one.kind === "write") sessions.push(one.session);
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const bytes = sessions.reduce((sum, session) => sum + projectBytes(session, layout), 0);
  const fingerprintKey = newFingerprintKey();
  return {
    read,
    seconds,
    meanBytes: sessions.length === 0 ? null : bytes / sessions.length,
    shown: sessions.slice(0, SHOWN).map((session) => show(session, layout, fingerprintKey)),
  };
}

async function firstBound(source: SessionSource): Promise<Bound | null> {
  for await (const [first] of source.planChunks({ after: null, chunkSize: SIZE })) {
    if (first === undefined) throw new RehomeError("plan-stuck", "the plan does not advance");
    return first.upTo;
  }
  return null;
}

function show(session: TargetSession, layout: TargetLayout, fingerprintKey: string): ShownSession {
  const names = session.fields.filter((_, i) => i % 2 === 0);
  const values = session.fields.filter((_, i) => i % 2 === 1);
  return {
    key: `${layout.keys.prefix}<${fingerprint(fingerprintKey, session.id)}>`,
    type: layout.type,
    fields: layout.type === "hash" ? names.map((name) => textBytes(name).toString()) : null,
    bytes: values.reduce((sum, value) => sum + textBytes(value).length, 0),
    expiresAt: session.expiresAt,
  };
}
