import {
  defaultConfig,
  defaultMapping,
  describeValues,
  type Section,
  SECTIONS,
  type Setting,
  settingsOf,
} from "@rehome/config";
import type { Mapping } from "@rehome/core";
import { listStores } from "./list-stores.js";
import { comment, literal } from "./source-text.js";
import type { StoreProposal } from "./store-proposal.js";

export const FORMATS = ["ts", "js", "json"] as const;
export type Format = (typeof FORMATS)[number];

const HEAD = `\
// Rehome's configuration: every option with its default. Delete what you do not change.
// A flag overrides the environment, and the environment overrides this file. Connection URLs come from the
// environment only: SOURCE_URL, TARGET_URL, QUEUE_URL. To see the resulting configuration: rehome config
`;

const TYPE = 'import("@rehome/config").RehomeConfig';

/** Without the key prefix: the store gives it, and one in the mapping would override that. */
type MappingKey = keyof Omit<Mapping, "keyPrefix">;

const MAPPING: Readonly<Record<MappingKey, string>> = {
  timestamps: '"iso" (UTC, six digits of fraction), "epoch-seconds" or "epoch-milliseconds"',
  booleans: '"true/false" or "1/0"',
  nulls: '"omit" (the field is left out), "empty" or { placeholder: "a text" }',
  attributes: '"fields" (one each) or "json" (one field, session_specific_attributes, an object)',
  renames: 'other names for fields, attributes included: { cart_json: "cart_items" }',
  includeExpiresAt: "whether the expiry is written as a field, expires_at, as well",
  maxSessionBytes: "a session of more bytes is rejected as too large",
};

const STORE = [
  "Where the sessions are, and what each becomes: a preset, a preset with its options, or a description.",
  "A run keeps the store that it starts with. To list the presets: rehome stores",
];

/** Where the value is one column, a mapping has no other say. */
const MAPPING_OF_STRINGS: readonly MappingKey[] = ["maxSessionBytes"];

const USERS = `\
  // Who may sign in to the dashboard (REHOME_DASHBOARD_USERS): { name, role: "viewer" or "operator", passwordHash },
  // made by: rehome-dashboard hash-password. Without users it listens on loopback only.
  users: [],`;

const ABOUT: Readonly<Record<Section, string>> = {
  start: "rehome start (and plan).",
  verify: "rehome verify.",
  seed: "rehome seed.",
  worker: "rehome-worker.",
  dashboard: "rehome-dashboard.",
};

/** The stores that a config file is written for, the likeliest first; empty where no database was looked at. */
export type Proposals = readonly StoreProposal[];

/** A config file with every default, and the store that was found. JSON has no comments. */
export function exampleConfig(format: Format, proposals: Proposals = []): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(document(proposals[0]), null, 2)}\n`;
    case "js":
      return `${HEAD}\n/** @type {${TYPE}} */\nexport default ${body(proposals)};\n`;
    case "ts":
      return `${HEAD}\nexport default ${body(proposals)} satisfies ${TYPE};\n`;
  }
}

function document(proposal: StoreProposal | undefined): unknown {
  if (proposal === undefined) return defaultConfig;
  const mapping = mappingKeys(proposal).map((key) => [key, defaultMapping[key]]);
  return { ...defaultConfig, store: proposal.config, mapping: Object.fromEntries(mapping) };
}

function mappingKeys(proposal: StoreProposal | undefined): MappingKey[] {
  const keys = Object.keys(MAPPING) as MappingKey[];
  return proposal?.type === "string"
    ? keys.filter((key) => MAPPING_OF_STRINGS.includes(key))
    : keys;
}

function body(proposals: Proposals): string {
  const mapping = mappingKeys(proposals[0]).map((key) =>
    entry(key, defaultMapping[key], MAPPING[key]),
  );
  const about =
    "How a session is written. A run keeps the mapping that it starts with, and its workers use that.";
  return `{\n${[
    storeBlock(proposals),
    block("mapping", about, mapping),
    USERS,
    ...SECTIONS.map((section) =>
      block(
        section,
        ABOUT[section],
        settingsOf(section).map(([key, setting]) => entry(key, setting.default, describe(setting))),
      ),
    ),
  ].join("\n\n")}\n}`;
}

function storeBlock([proposal, ...others]: Proposals): string {
  const about = [
    ...STORE,
    ...(proposal?.about ?? []),
    ...(others.length === 0 ? [] : [`Also found: ${listStores(others)}.`]),
  ];
  const value = proposal?.config ?? defaultConfig.store;
  const store = literal(value, (path) => proposal?.aboutEntry.get(path) ?? [], "  ");
  return [...comment(about, "  "), `  store: ${store},`].join("\n");
}

function block(name: string, about: string, entries: readonly string[]): string {
  return `  // ${about}\n  ${name}: {\n${entries.join("\n")}\n  },`;
}

function entry(key: string, value: unknown, about: string): string {
  return `${about.replace(/^/gm, "    // ")}\n    ${key}: ${JSON.stringify(value)},`;
}

function describe(setting: Setting): string {
  return `${setting.about} (--${setting.flag}, ${setting.env}):\n${describeValues(setting)}`;
}
