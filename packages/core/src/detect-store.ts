import { type CatalogueColumn, type CatalogueTable, isZoneless, shortName } from "./catalogue.js";
import type { Codec } from "./codec.js";
import { type ColumnUse, columnsOf, type Kind, tablesOf } from "./column.js";
import { fieldsOf } from "./field.js";
import { type NamedStore, targetType } from "./store.js";
import { type Preset, type PresetOptions, PRESETS, presetStore } from "./stores/index.js";
import { formatTableName, parseTableName } from "./table-name.js";

/** A preset whose tables a source seems to hold. */
export interface DetectedStore {
  readonly preset: Preset;
  /** `[schema.]table` of the sessions, with its schema only where the name alone would not do. */
  readonly table: string;
  /** What its sessions become in the target. */
  readonly type: "hash" | "string";
  /** The columns whose times have no zone of their own. */
  readonly zoneless: readonly string[];
  /** Every table that it reads. */
  readonly tables: readonly CatalogueTable[];
}

interface Match extends DetectedStore {
  readonly hasDefaultName: boolean;
  readonly isUnique: boolean;
  readonly columns: number;
}

/**
 * The presets whose columns a catalogue has, the best match first: one whose table has the preset's own name, then
 * the one of most columns, for the columns of one preset may be among those of another. A table of sessions is given
 * to its best match alone.
 */
export function detectStores(catalogue: readonly CatalogueTable[]): DetectedStore[] {
  const byName = new Map(catalogue.map((table) => [formatTableName(table), table]));
  const claimed = new Set<CatalogueTable | undefined>();
  return PRESETS.flatMap((preset) => matches(preset, catalogue, byName))
    .toSorted(
      (one, other) =>
        Number(other.hasDefaultName) - Number(one.hasDefaultName) ||
        other.columns - one.columns ||
        Number(other.isUnique) - Number(one.isUnique),
    )
    .flatMap(({ preset, table, type, zoneless, tables }) => {
      if (claimed.has(tables[0])) return [];
      claimed.add(tables[0]);
      return [{ preset, table, type, zoneless, tables }];
    });
}

type ByName = ReadonlyMap<string, CatalogueTable>;

/** A catalogue may hold thousands of tables: only one with a column of the id's name is looked at closely. */
function matches(preset: Preset, catalogue: readonly CatalogueTable[], byName: ByName): Match[] {
  const { id } = storeOf(preset).sessions;
  return catalogue
    .filter(({ columns }) => columns.some(({ name }) => name === id))
    .flatMap((table) => match(preset, table, byName));
}

/** At most one. */
function match(preset: Preset, table: CatalogueTable, byName: ByName): Match[] {
  const store = storeOf(preset, { table: formatTableName(table) });
  const tables = tablesOf(store).map(({ table: name }) => byName.get(name));
  if (!tables.every((one) => one !== undefined)) return [];

  const uses = usesOf(store);
  const columns = uses.flatMap((use) => {
    const column = tables[use.table]?.columns.find(({ name }) => name === use.name);
    return column !== undefined && use.kinds.every((kinds) => fits(column, kinds)) ? [column] : [];
  });
  if (columns.length < uses.length) return [];
  return [
    {
      preset,
      table: shortName(table, tables),
      type: targetType(store),
      zoneless: columns.filter(isZoneless).map(({ name }) => name),
      tables,
      hasDefaultName: parseTableName(preset.defaults.table ?? "")?.table === table.table,
      isUnique: columns.some(({ name, isUnique }) => name === store.sessions.id && isUnique),
      columns: columns.length,
    },
  ];
}

/** What an operator must tell changes no column. */
function storeOf(preset: Preset, options: Partial<PresetOptions> = {}): NamedStore {
  const needed = Object.fromEntries(preset.needs.map((option) => [option, 1]));
  return presetStore(preset, { ...needed, ...options });
}

/** Null: any that can be carried. */
type Kinds = readonly Kind[] | null;

function fits({ kind }: CatalogueColumn, kinds: Kinds): boolean {
  return kind !== null && (kinds === null || kinds.includes(kind));
}

/** Every column of every table, attributes included, and what it must hold for all that it is read for. */
function usesOf(store: NamedStore): (Pick<ColumnUse, "table" | "name"> & { kinds: Kinds[] })[] {
  const { lookups, attributes } = store;
  const last = lookups.length + 1;
  return [
    ...columnsOf(store).map((use) => ({ ...use, kinds: kindsOf(use, store) })),
    ...lookups.map(({ key }, i) => ({ table: i + 1, name: key, kinds: [null] })),
    ...(attributes === null
      ? []
      : [
          { table: last, name: attributes.session, kinds: [null] },
          { table: last, name: attributes.name, kinds: [["text" as const]] },
          { table: last, name: attributes.value, kinds: [null] },
        ]),
  ];
}

function kindsOf({ table, name, roles }: ColumnUse, store: NamedStore): Kinds[] {
  return roles.flatMap((role): Kinds[] => {
    switch (role) {
      case "id":
        return [["text", "bytes"]];
      case "expiry":
        return [store.sessions.expires.as === "time" ? ["time"] : ["number"]];
      case "recency":
        return [["time", "number"]];
      case "value":
        return store.value.form === "string" ? [kindsFor(store.value.codec)] : [];
      case "field":
        return fieldsOf(store)
          .filter((field) => field.table === table && field.column === name)
          .map(({ codec }) => kindsFor(codec));
      case "decoded":
        return [];
      case "reference":
        return [null];
    }
  });
}

const KINDS_OF_CODEC: Readonly<Record<Codec, readonly Kind[]>> = {
  text: ["text", "json"],
  bytes: ["bytes"],
  base64: ["text"],
  hex: ["text"],
  "php-string": ["text"],
  "java-long": ["number"],
  "java-integer": ["number"],
};

/** What the first of several codecs decodes is the column. */
function kindsFor([first]: readonly Codec[]): Kinds {
  return first === undefined ? null : KINDS_OF_CODEC[first];
}
