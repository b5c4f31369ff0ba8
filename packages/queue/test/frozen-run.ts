import { completeMapping, defaultStore, mappingSchema } from "@rehome/core";
import type { FrozenRun } from "../src/index.js";

/** A run of the reference store, as if a source had been asked about its columns: for all tests of the ledger. */
export const frozenRun: FrozenRun = {
  store: {
    ...defaultStore,
    columns: [],
    attributeValue: null,
    lookupKeys: [],
    isUnique: true,
  },
  mapping: completeMapping(mappingSchema.parse({}), defaultStore),
  conflict: "newer",
  order: { kind: "id" },
  chunkSize: 10,
  startedAt: 0,
  source: "source",
  target: { token: "token", runId: "run-id", address: "127.0.0.1:1/0" },
  fingerprintKey: "00",
};
