import type { House } from "../e2e/house.js";
import type { Random } from "../e2e/random.js";
import type { PostgresServer } from "../local-services/index.js";
import type { Crew } from "./crew.js";
import type { Operating } from "./operate.js";
import type { Tally } from "./tally.js";

/** Where faults are let loose. */
export interface Scene {
  readonly house: House;
  readonly postgres: PostgresServer;
  readonly crew: Crew;
  readonly operating: Operating;
  readonly random: Random;
  readonly tally: Tally;
}

export interface Fault {
  readonly name: string;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** Does its harm and, where it lasts, undoes it. */
  strike(scene: Scene): Promise<void>;
}
