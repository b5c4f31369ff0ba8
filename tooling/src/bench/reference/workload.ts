import { makeFloor } from "../floor.js";
import { makeGoProgram } from "../go-program.js";
import { rehome } from "../rehome.js";
import type { Workload } from "../workload.js";
import { expected } from "./expected.js";
import { firstOneLiner, oneLiner } from "./one-liners.js";
import { seed, TABLES } from "./seed.js";
import { textbook } from "./textbook.js";

const floor = makeFloor(
  "session_id, user_id, ip_address, user_agent, created_at, expires_at, last_activity_at",
  "user_sessions",
);
const goProgram = makeGoProgram("reference");
const fastest = rehome({ workers: 2, policy: "newer" });

export const reference: Workload = {
  store: "reference",
  title: "The reference store: four tables, hashes",
  description: "random UUID ids, two attributes each, preferences for 80 % of the users",
  tables: TABLES,
  seed,
  expected,
  contenders: [
    textbook,
    firstOneLiner,
    oneLiner,
    goProgram,
    fastest,
    rehome({ workers: 1, policy: "newer" }),
    // As many as one starts without counting the machine's cores.
    rehome({ workers: 8, policy: "newer" }),
    rehome({ workers: 2, policy: "replace" }),
    rehome({ workers: 2, policy: "newer", byHset: true }),
  ],
  fastest,
  oneLiner,
  textbook,
  goProgram,
  floor,
};
