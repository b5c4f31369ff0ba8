import fc from "fast-check";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { RowStream } from "../src/postgres/row-stream.js";
import { ReadBuffer } from "../src/postgres/read-buffer.js";

const seed = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`REHOME_TEST_SEED=${seed}`);

/** Gives what it reads in pieces of so many bytes, one size after the other, over and over. */
class CuttingSocket extends Socket {
  sizes: readonly number[] = [65_536];
  #cuts = 0;
  #held: Buffer[] | null = null;

  /** Gives nothing for now. */
  hold(): void {
    this.#held = [];
  }

  /** Gives all that has been held, but for so many bytes in one piece. */
  release(lastBytes: number): void {
    const all = Buffer.concat(this.#held ?? []);
    this.#held = null;
    super.emit("data", all.subarray(0, all.length - lastBytes));
    super.emit("data", all.subarray(all.length - lastBytes));
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const [piece] = args;
    if (event !== "data" || !Buffer.isBuffer(piece)) return super.emit(event, ...args);
    if (this.#held !== null) {
      this.#held.push(piece);
      return true;
    }
    for (let at = 0; at < piece.length;) {
      const size = this.sizes[this.#cuts % this.sizes.length] as number;
      this.#cuts += 1;
      super.emit("data", piece.subarray(at, at + size));
      at += size;
    }
    return true;
  }
}

async function connect() {
  const socket = new CuttingSocket();
  const client = new pg.Client({
    connectionString: inject("postgresUrl"),
    stream: () => socket,
  }) as unknown as pg.PoolClient;
  await client.connect();
  onTestFinished(() => (client as unknown as pg.Client).end());
  return { client, socket };
}

/** Rows of every length around the sizes of pieces, NULL among them. */
const SELECT = `SELECT n::text AS i, CASE WHEN n % 7 > 0 THEN repeat(chr(97 + n % 26), (n * 37) % 300) END AS letters
                  FROM generate_series(1, 200) n ORDER BY n`;

type Row = readonly [string, string | null];

async function expectedRows(client: pg.PoolClient): Promise<Row[]> {
  const { rows } = await client.query<{ i: string; letters: string | null }>(SELECT);
  return rows.map(({ i, letters }) => [i, letters]);
}

/** Reads all rows; after each, forgets what came before it, or it as well, or nothing. */
async function readRows(
  client: pg.PoolClient,
  select: string,
  forget: readonly ("before" | "read" | "nothing")[],
): Promise<Row[]> {
  const buffer = new ReadBuffer();
  buffer.add(Buffer.from("what was there before"));
  const rows: Row[] = [];
  const copy = RowStream.copy(client, select, 2, buffer);
  const { row } = copy;
  while (await copy.more()) {
    while (copy.next()) {
      const how = forget[rows.length % forget.length];
      if (how === "before") copy.forgetBefore();
      const letters = row.isNull(1) ? null : row.text(buffer.bytes, 1);
      rows.push([row.text(buffer.bytes, 0), letters]);
      if (how === "read") copy.forgetRead();
    }
  }
  expect(buffer.bytes.toString("utf8", 0, 21)).toBe("what was there before");
  return rows;
}

describe("rows of a COPY", () => {
  it("are read whole however the stream is cut into pieces, and whatever is forgotten meanwhile", async () => {
    const { client, socket } = await connect();
    const expected = await expectedRows(client);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.constantFrom("before", "read", "nothing"), { minLength: 1, maxLength: 5 }),
        async (sizes, forget) => {
          socket.sizes = sizes;
          expect(await readRows(client, SELECT, forget)).toEqual(expected);
          expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
        },
      ),
      { numRuns: 100, seed },
    );
  });

  it("are read around what else the server says, which whoever listens hears", async () => {
    const { client, socket } = await connect();
    const expected = await expectedRows(client);
    await client.query(`
      CREATE FUNCTION pg_temp.told(i text) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'row %', i; RETURN i; END $$`);
    const heard: (string | undefined)[] = [];
    client.on("notice", ({ message }) => heard.push(message));
    socket.sizes = [3, 50, 7];
    const select = `SELECT pg_temp.told(i), letters FROM (${SELECT}) rows`;
    expect(await readRows(client, select, ["before", "nothing"])).toEqual(expected);
    expect(heard).toEqual(expected.map(([i]) => `row ${i}`));
  });

  it("leave what comes behind them to the connection's next user, though it comes in one piece with them", async () => {
    const { client, socket } = await connect();
    const other = new pg.Client({ connectionString: inject("postgresUrl") });
    await other.connect();
    onTestFinished(() => other.end());
    const heard: (string | undefined)[] = [];
    client.on("notification", ({ payload }) => heard.push(payload));
    await client.query("LISTEN news");
    const expected = await expectedRows(client);
    for (const lastBytes of [0, 1, 9]) {
      socket.hold();
      const rows = readRows(client, SELECT, ["read"]);
      await sleep(200);
      await other.query(`NOTIFY news, '${lastBytes}'`);
      await sleep(200);
      socket.release(lastBytes);
      expect(await rows).toEqual(expected);
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    }
    expect(heard).toEqual(["0", "1", "9"]);
  });

  it("of any length leave the connection fit for use", async () => {
    const { client, socket } = await connect();
    socket.sizes = [1_000_000];
    for (const length of [1_000, 600_000, 2_000_000]) {
      const select = `SELECT 'a', repeat('x', ${length}) FROM generate_series(1, 3)`;
      const rows = await readRows(client, select, ["nothing"]);
      expect(rows.map(([, letters]) => letters?.length)).toEqual([length, length, length]);
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    }
  });

  it("of which there are none, or which end in an error, leave the connection fit for use", async () => {
    const { client, socket } = await connect();
    const listeners = socket.listeners("data");
    expect(await readRows(client, `${SELECT} LIMIT 0`, ["read"])).toEqual([]);
    const failing = "SELECT i::text, (100 / (100 - i))::text FROM generate_series(1, 200) i";
    await expect(readRows(client, failing, ["read"])).rejects.toMatchObject({ code: "22012" });
    expect(socket.listeners("data")).toEqual(listeners);
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});
