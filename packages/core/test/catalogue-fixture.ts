import type { CatalogueColumn, CatalogueTable, Kind } from "../src/index.js";

const KIND_OF_TYPE: Readonly<Record<string, Kind>> = {
  varchar: "text",
  text: "text",
  uuid: "text",
  integer: "number",
  bigint: "number",
  "timestamp without time zone": "time",
  "timestamp with time zone": "time",
  boolean: "flag",
  bytea: "bytes",
  json: "json",
};

/** `columns` says "name type, name type"; the unique ones end in `!`. The schema is given where the name needs it. */
export function table(name: string, columns: string): CatalogueTable {
  const [table = "", schema] = name.split(".").toReversed();
  return {
    schema: schema ?? "public",
    table,
    needsSchema: schema !== undefined,
    columns: columns.split(", ").map((text): CatalogueColumn => {
      const [column = "", ...type] = text.replace(/!$/, "").split(" ");
      const called = type.join(" ");
      return {
        name: column,
        type: called,
        kind: KIND_OF_TYPE[called] ?? null,
        isUnique: text.endsWith("!"),
      };
    }),
  };
}
