import fc from "fast-check";
import type pg from "pg";

/** Each writes sessions of its own, so that none waits for another. */
export const WRITERS = 3;
const IDS = 40;

/** What a writer may do; `at` picks among its sessions, or among the chunks. */
const writing = fc.oneof(
  { weight: 10, arbitrary: rows("write") },
  { weight: 2, arbitrary: rows("delete") },
  { weight: 1, arbitrary: rows("lock") },
  { weight: 2, arbitrary: of("begin") },
  { weight: 2, arbitrary: of("commit") },
  { weight: 1, arbitrary: of("rollback") },
  { weight: 2, arbitrary: of("savepoint") },
  { weight: 1, arbitrary: of("release") },
  { weight: 1, arbitrary: of("rollback to savepoint") },
);

const vacuum = fc.record({
  kind: fc.constant("vacuum" as const),
  // Not FREEZE, which waits for whoever has a page in hand.
  options: fc.constantFrom("", "ANALYZE"),
});

const operation = fc.oneof({ weight: 8, arbitrary: writing }, { weight: 1, arbitrary: vacuum });

function rows<Kind extends "write" | "delete" | "lock">(kind: Kind) {
  return fc.record({
    kind: fc.constant(kind),
    writer: fc.nat(WRITERS - 1),
    at: fc.nat(99),
    rows: fc.integer({ min: 1, max: 8 }),
    length: fc.constantFrom(5, 100, 1_000, 1_900, 5_000),
  });
}

function of<
  Kind extends "begin" | "commit" | "rollback" | "savepoint" | "release" | "rollback to savepoint",
>(kind: Kind) {
  return fc.record({ kind: fc.constant(kind), writer: fc.nat(WRITERS - 1) });
}

export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What is done at once, or a chunk that is read while something is done. */
export type Step =
  | Operation
  | { readonly kind: "read"; readonly at: number; readonly meanwhile: readonly Operation[] };

export interface Model {
  /** Of each writer, at first. */
  readonly sessions: number;
  readonly length: number;
  readonly fillfactor: number;
  readonly chunkSize: number;
  readonly before: readonly Operation[];
  readonly during: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: operation },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      at: fc.nat(99),
      // Without VACUUM, which may wait for who is in the middle of a page, and that is who waits for it here.
      meanwhile: fc.array(writing, { maxLength: 4 }),
    }),
  },
);

export const model: fc.Arbitrary<Model> = fc.record({
  sessions: fc.integer({ min: 0, max: IDS }),
  length: fc.constantFrom(5, 500, 1_000),
  fillfactor: fc.constantFrom(50, 90, 100),
  chunkSize: fc.integer({ min: 3, max: 40 }),
  before: fc.array(operation, { maxLength: 12 }),
  during: fc.array(step, { minLength: 5, maxLength: 40 }),
});

/** A table of sessions as a test writes it. */
export interface Table {
  readonly name: string;
  /** Writes a version of each of these sessions, new or not; the text grows to this length. */
  write(client: pg.Client, ids: readonly string[], version: string, length: number): Promise<void>;
  remove(client: pg.Client, ids: readonly string[]): Promise<void>;
  lock(client: pg.Client, ids: readonly string[]): Promise<void>;
}

/** As many ids of a writer, from a place on: each has a few of them at the most. */
export function idsOf(writer: number, at: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${writer}.${(at + i) % IDS}`);
}

/** Writers in the middle of their transactions, or not. */
export class Writers {
  readonly #clients: readonly pg.Client[];
  readonly #table: Table;
  readonly #vacuum: pg.Client;
  /** Savepoints of each; null outside of a transaction. */
  readonly #depths: (number | null)[];
  #versions = 0;

  constructor(clients: readonly pg.Client[], vacuum: pg.Client, table: Table) {
    this.#clients = clients;
    this.#vacuum = vacuum;
    this.#table = table;
    this.#depths = clients.map(() => null);
  }

  async do(done: Operation): Promise<void> {
    if (done.kind === "vacuum") {
      // To give pages back it would wait for transactions that write.
      const truncates = this.#depths.every((depth) => depth === null);
      const options = [done.options, `TRUNCATE ${truncates}`].filter((option) => option !== "");
      await this.#vacuum.query(`VACUUM (${options.join(", ")}) ${this.#table.name}`);
      return;
    }
    const client = this.#clients[done.writer]!;
    const depth = this.#depths[done.writer] ?? null;
    const enter = async (statement: string, next: number | null) => {
      await client.query(statement);
      this.#depths[done.writer] = next;
    };
    switch (done.kind) {
      case "write": {
        this.#versions += 1;
        const ids = idsOf(done.writer, done.at, done.rows);
        await this.#table.write(client, ids, `v${this.#versions}`, done.length);
        break;
      }
      case "delete":
        await this.#table.remove(client, idsOf(done.writer, done.at, done.rows));
        break;
      case "lock":
        await this.#table.lock(client, idsOf(done.writer, done.at, done.rows));
        break;
      case "begin":
        if (depth === null) await enter("BEGIN", 0);
        break;
      case "commit":
        if (depth !== null) await enter("COMMIT", null);
        break;
      case "rollback":
        if (depth !== null) await enter("ROLLBACK", null);
        break;
      case "savepoint":
        if (depth !== null) await enter(`SAVEPOINT s${depth}`, depth + 1);
        break;
      case "release":
        if (depth !== null && depth > 0) await enter(`RELEASE s${depth - 1}`, depth - 1);
        break;
      case "rollback to savepoint":
        if (depth !== null && depth > 0) await enter(`ROLLBACK TO s${depth - 1}`, depth);
        break;
    }
  }

  async rollBack(): Promise<void> {
    for (const writer of this.#clients.keys()) await this.do({ kind: "rollback", writer });
  }
}
