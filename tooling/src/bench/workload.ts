import type { Redis } from "ioredis";
import type { Contender, Urls } from "./contender.js";

export interface Size {
  readonly sessions: number;
  readonly users: number;
}

/** Sessions of one store, who moves them, and how one knows them again in the target. */
export interface Workload {
  /** As a config names it. */
  readonly store: string;
  readonly title: string;
  /** What follows "1,000,000 sessions of 200,000 users, ". */
  readonly description: string;
  /** All that hold its sessions. Where it is one, a turn is compared with the floor. */
  readonly tables: readonly string[];
  /** Sessions that all live. Throws Refusal for tables that are not the benchmark's, which it leaves alone. */
  seed(urls: Urls, size: Size, onProgress: (sessions: number) => void): Promise<void>;
  readonly expected: Expected;
  /** Where memory is plenty and no server far away; under other conditions some of those below. */
  readonly contenders: readonly Contender[];
  /** The one of Rehome's that is compared with others. */
  readonly fastest: Contender;
  readonly oneLiner: Contender;
  readonly textbook: Contender;
  readonly goProgram: Contender;
  /** Reads what is moved in the quickest way that there is. */
  readonly floor: Contender;
}

/** What the target should hold. */
export interface Expected {
  readonly table: string;
  readonly id: string;
  readonly keyPrefix: string;
  /**
   * Selects `id`, `expires_at` in Unix milliseconds as text, and `value`, of the table as `s`. In SQL alone: as far from
   * Rehome's own code as from the contenders'.
   */
  readonly sql: string;
  /** Whether a key holds a session's `value`. */
  holds(redis: Redis, key: string, value: unknown): Promise<boolean>;
}
