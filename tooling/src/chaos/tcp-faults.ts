import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../e2e/random.js";
import type { TcpFault, TcpProxy } from "../tcp-proxy/index.js";

const PAUSE_MS = [300, 1_700] as const;

/** Cuts, resets, stalls and slows connections until it is told to stop. */
export interface TcpTrouble {
  stop(): Promise<void>;
}

export function makeTcpTrouble(proxies: readonly TcpProxy[], random: Random): TcpTrouble {
  let going = true;
  async function work(): Promise<void> {
    while (going) {
      const proxy = random.pick(proxies);
      const dice = random.next();
      if (dice < 0.04) proxy.stall(random.between(200, 4_000));
      else if (dice < 0.08) proxy.throttle(random.between(20_000, 500_000), 1_000);
      else proxy.arm(pickFault(random));
      await sleep(random.between(...PAUSE_MS));
    }
    for (const proxy of proxies) proxy.disarm();
  }
  const working = work();
  return {
    stop: async () => {
      going = false;
      await working;
    },
  };
}

function pickFault(random: Random): TcpFault {
  // More of those that leave the client in the dark.
  const acted = random.chance(0.6);
  if (random.chance(0.5)) return { kind: "reset", when: acted ? "after" : "before" };
  const afterBytes = Math.floor(10 ** (random.next() * 5));
  return { kind: "cut", direction: acted ? "reply" : "request", afterBytes };
}
