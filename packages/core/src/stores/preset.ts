import type { StoreDescription } from "../store.js";

/** What may be said of a preset's store: named alike in all of them. */
export interface PresetOptions {
  /** `[schema.]table` of the sessions; other tables are next to it. */
  readonly table: string;
  readonly keyPrefix: string;
  /** How long a session lives after its last use, where the table does not hold it. */
  readonly lifetimeSeconds: number;
  /** What times without a zone mean. */
  readonly zone: string;
}

export type PresetOption = keyof PresetOptions;

/** A store that is known by name. */
export interface Preset {
  readonly name: string;
  /** Who writes the sessions into the source. */
  readonly source: string;
  /** Who reads them in Redis, and what they are there. */
  readonly target: string;
  /** The options it takes, each with its default. */
  readonly defaults: Partial<PresetOptions>;
  /** The options without a default: the operator must know. */
  readonly needs: readonly PresetOption[];
  /** What the source cannot tell, and what goes wrong with it, each in a sentence. */
  readonly traps: readonly string[];
  /** The versions in which the format was read. */
  readonly readIn: string;
  describe(options: PresetOptions): StoreDescription;
}
