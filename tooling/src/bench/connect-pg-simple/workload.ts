import { rehome } from "../rehome.js";
import type { Workload } from "../workload.js";
import { expected } from "./expected.js";
import { oneLiner } from "./one-liner.js";
import { seed } from "./seed.js";
import { textbook } from "./textbook.js";

const fastest = rehome({ workers: 2, policy: "newer" });

export const connectPgSimple: Workload = {
  store: "connect-pg-simple",
  title: "connect-pg-simple: one table, strings",
  description: "random ids of 32 characters, about 350 bytes of JSON each",
  seed,
  expected,
  contenders: [textbook, oneLiner, fastest, rehome({ workers: 1, policy: "newer" })],
  fastest,
  oneLiner,
  textbook,
};
