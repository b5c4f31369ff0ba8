import type { Redis } from "ioredis";

/** What is wrong with the ledger and the jobs of every run, said in words; empty when all is well. */
export async function auditLedger(queue: Redis): Promise<string[]> {
  const wrong: string[] = [];
  for (const run of await queue.zrange("{rehome}:runs", "0", "-1")) {
    const base = `{rehome}:run:${run}`;
    const record = await queue.hgetall(base);
    const number = (name: string) => Number(record[name]);
    const expect = (what: string, found: number, wanted: number) => {
      if (found !== wanted) wrong.push(`run ${run}: ${what} is ${found}, and should be ${wanted}`);
    };
    const outcomes = ["migrated", "kept", "expired", "rejected"].map(number);
    expect(
      "the sum of outcomes",
      outcomes.reduce((sum, count) => sum + count, 0),
      number("read"),
    );

    const sums = [0, 0, 0, 0, 0];
    let done = 0;
    let rejects = 0;
    for (const [chunk, entry] of Object.entries(await queue.hgetall(`${base}:chunks`))) {
      const [state, ...counts] = entry.split(" ");
      if (state !== "done") continue;
      done += 1;
      for (const i of sums.keys()) sums[i] = (sums[i] ?? 0) + Number(counts[i]);
      rejects += await queue.hlen(`${base}:rejects:${chunk}`);
    }
    expect("chunks done", done, number("done"));
    for (const [i, name] of ["read", "migrated", "kept", "expired", "rejected"].entries())
      expect(`${name}, chunk by chunk,`, sums[i] ?? 0, number(name));
    expect("rejects listed", rejects, number("rejected"));
    if (record["phase"] === "completed") {
      expect("chunks done of a completed run", done, number("total"));
      expect("chunks failed of a completed run", number("failed"), 0);
    }
  }
  return wrong;
}

/** Jobs that nobody has finished. */
export async function countOpenJobs(queue: Redis): Promise<number> {
  const key = (name: string) => `{rehome}:chunks:${name}`;
  const [waiting, active, delayed] = await Promise.all([
    queue.llen(key("wait")),
    queue.llen(key("active")),
    queue.zcard(key("delayed")),
  ]);
  return waiting + active + delayed;
}
