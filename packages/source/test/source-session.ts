import type { Column, ResolvedStore, SessionId, SourceBatch } from "@rehome/core";

/** Beyond every time a database can hold. */
export const INFINITE_FUTURE = 2n ** 64n;
export const INFINITE_PAST = -INFINITE_FUTURE;

/** Times in microseconds, bytes as they are, numbers and JSON as their text. */
export type Value = string | bigint | boolean | Buffer | null;

/** A session of a batch as an object. */
export interface SourceSession {
  readonly id: SessionId;
  /** By the names of the columns; those of the n-th lookup are `n.name` where another has the name. */
  readonly columns: Readonly<Record<string, Value>>;
  /** key, value, key, value … */
  readonly attributes: readonly Value[];
  readonly isShared: boolean;
  readonly bytes: number;
}

/** Copies what is in a batch, which is filled again. */
export function sessionsOf(batch: SourceBatch, store: ResolvedStore): SourceSession[] {
  return Array.from({ length: batch.count }, (_, i) => sessionAt(batch, i, store));
}

function sessionAt(batch: SourceBatch, session: number, store: ResolvedStore): SourceSession {
  const columns: Record<string, Value> = {};
  for (const column of store.columns) {
    const { name, table } = column;
    columns[Object.hasOwn(columns, name) ? `${table}.${name}` : name] = valueAt(
      batch,
      session,
      column,
    );
  }
  const attributes: Value[] = [];
  const isBytes = store.attributeValue?.kind === "bytes";
  for (let i = batch.attributesFrom(session); i < batch.attributesFrom(session + 1); i += 1) {
    attributes.push(between(batch, batch.keyStart(i), batch.keyEnd(i), false));
    attributes.push(between(batch, batch.valueStart(i), batch.valueEnd(i), isBytes));
  }
  return {
    id: batch.id(session),
    columns,
    attributes,
    isShared: batch.isShared(session),
    bytes: batch.size(session),
  };
}

function valueAt(batch: SourceBatch, session: number, { kind, slot }: Column): Value {
  if (kind === "time")
    return instantOf(batch.milliseconds(session, slot), batch.microseconds(session, slot));
  if (kind === "flag") return batch.flag(session, slot);
  const [start, end] = [batch.textStart(session, slot), batch.textEnd(session, slot)];
  return between(batch, start, end, kind === "bytes");
}

function between(batch: SourceBatch, start: number, end: number, isBytes: boolean): Value {
  if (start === -1) return null;
  return isBytes ? Buffer.from(batch.bytes.subarray(start, end)) : batch.text(start, end);
}

function instantOf(milliseconds: number, microseconds: number): bigint | null {
  if (Number.isNaN(milliseconds)) return null;
  if (milliseconds === Infinity) return INFINITE_FUTURE;
  if (milliseconds === -Infinity) return INFINITE_PAST;
  return BigInt(milliseconds) * 1000n + BigInt(microseconds);
}

/** Key to value; none may be there twice. */
export function attributesOf({ attributes }: SourceSession): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let i = 0; i < attributes.length; i += 2) {
    const key = attributes[i] as string;
    if (map.has(key)) throw new Error("one key twice");
    map.set(key, attributes[i + 1] as Value);
  }
  return map;
}
