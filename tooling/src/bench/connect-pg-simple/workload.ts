import { makeFloor } from "../floor.js";
import { makeGoProgram } from "../go-program.js";
import { rehome } from "../rehome.js";
import type { Workload } from "../workload.js";
import { expected } from "./expected.js";
import { oneLiner } from "./one-liner.js";
import { seed } from "./seed.js";
import { textbook } from "./textbook.js";

const floor = makeFloor("sid, sess, expire", "session");
const goProgram = makeGoProgram("connect-pg-simple");
const fastest = rehome({ workers: 2, policy: "newer" });

export const connectPgSimple: Workload = {
  store: "connect-pg-simple",
  title: "connect-pg-simple: one table, strings",
  description: "random ids of 32 characters, about 350 bytes of JSON each",
  tables: ["session"],
  seed,
  expected,
  contenders: [
    textbook,
    oneLiner,
    goProgram,
    fastest,
    rehome({ workers: 1, policy: "newer" }),
    // As many as one starts without counting the machine's cores.
    rehome({ workers: 8, policy: "newer" }),
    // A range of ids lies all over the table: the larger it is, the fewer times a page is looked at.
    rehome({ workers: 2, policy: "newer", chunkSize: 100_000 }),
  ],
  fastest,
  oneLiner,
  textbook,
  goProgram,
  floor,
};
