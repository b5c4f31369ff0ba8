import { connectPgSimple } from "./connect-pg-simple.js";
import { connectSessionKnex } from "./connect-session-knex.js";
import { connectSessionSequelize } from "./connect-session-sequelize.js";
import { expressMysqlSession } from "./express-mysql-session.js";
import { flaskSession } from "./flask-session.js";
import { laravel } from "./laravel.js";
import { type NamedStore, storeSchema } from "../store.js";
import type { Preset, PresetOptions } from "./preset.js";
import { reference } from "./reference.js";
import { scs } from "./scs.js";
import { springSession } from "./spring-session.js";
import { symfony } from "./symfony.js";

export type { Preset, PresetOption, PresetOptions } from "./preset.js";

export const PRESETS: readonly Preset[] = [
  reference,
  connectPgSimple,
  expressMysqlSession,
  connectSessionKnex,
  connectSessionSequelize,
  scs,
  flaskSession,
  laravel,
  symfony,
  springSession,
];

/** A preset's store. Throws TypeError where an option is missing that the operator must tell. */
export function presetStore(preset: Preset, options: Partial<PresetOptions> = {}): NamedStore {
  const complete = { ...preset.defaults, ...options };
  for (const option of preset.needs)
    if (complete[option] === undefined) throw new TypeError(`${preset.name} needs ${option}`);
  return { name: preset.name, ...storeSchema.parse(preset.describe(complete as PresetOptions)) };
}

export const defaultStore: NamedStore = presetStore(reference);
