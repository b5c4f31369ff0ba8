import { setTimeout as sleep } from "node:timers/promises";
import { check } from "./check.js";
import type { Arena, Contender, Turn } from "./contender.js";
import { familySeconds, processorSeconds } from "./processor-time.js";

/** One turn, with what it took of the servers. */
export interface Measured extends Turn {
  readonly postgresSeconds: number | null;
  readonly redisSeconds: number | null;
  /** Of the target's memory, a session; null where nothing was written. */
  readonly bytesPerSession: number | null;
  /** From PostgreSQL's disk, where it was cold and the disk tells. */
  readonly bytesRead: number | null;
}

/** Empties the target, lets the contender move, and checks what it left. */
export async function measure(arena: Arena, contender: Contender): Promise<Measured> {
  await arena.redis.flushdb("SYNC");
  await arena.cold?.chill();
  await settle(arena);
  const usedBefore = await usedMemory(arena);
  const before = serverSeconds(arena);
  const readBefore = bytesRead(arena);
  const turn = await contender.move(arena);
  const after = serverSeconds(arena);
  const readAfter = bytesRead(arena);
  const share = arena.sessions / turn.moved;
  const spent = after.map((seconds, i) => {
    const start = before[i] ?? null;
    return seconds === null || start === null ? null : (seconds - start) * share;
  });
  const taken = ((await usedMemory(arena)) - usedBefore) / turn.moved;
  if (contender.leaves !== "nothing") await check(arena, contender, turn.moved);
  return {
    ...turn,
    postgresSeconds: spent[0] ?? null,
    redisSeconds: spent[1] ?? null,
    bytesPerSession: contender.leaves === "nothing" ? null : taken,
    bytesRead: readBefore === null || readAfter === null ? null : (readAfter - readBefore) * share,
  };
}

/**
 * What one contender leaves to the servers to tidy up must not be charged to the next. Where nothing can be read of
 * them, that is a second.
 */
async function settle(arena: Arena): Promise<void> {
  const sum = () => serverSeconds(arena).reduce<number>((all, one) => all + (one ?? 0), 0);
  for (let quiet = 0; quiet < 2;) {
    const before = sum();
    await sleep(500);
    quiet = sum() - before <= 0.02 ? quiet + 1 : 0;
  }
}

/** Of PostgreSQL and the target, so far. */
function serverSeconds({ own }: Arena): readonly (number | null)[] {
  return own === null
    ? [null, null]
    : [familySeconds(own.postgres.pid), processorSeconds(own.target.pid)];
}

function bytesRead({ cold }: Arena): number | null {
  return cold?.bytesRead() ?? null;
}

async function usedMemory({ redis }: Arena): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
}
