import { randomBytes } from "node:crypto";
import { hash, type Options, verify } from "@node-rs/argon2";

/** OWASP's parameters for argon2id: 19 MiB, two passes, one thread. */
const PARAMETERS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Longer ones would only cost time. */
export const LONGEST_PASSWORD = 256;
export const SHORTEST_PASSWORD = 8;

/** argon2id, in the PHC string format that a user's `passwordHash` has. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password, PARAMETERS);
}

export type CheckPassword = (passwordHash: string | null, password: string) => Promise<boolean>;

/** Checks a hash for an unknown user too, so that the time it takes does not reveal which names exist. */
export async function makePasswordCheck(): Promise<CheckPassword> {
  const nobodys = await hashPassword(randomBytes(16).toString("hex"));
  return async (passwordHash, password) => {
    const matches = await verify(passwordHash ?? nobodys, password).catch(() => false);
    return matches && passwordHash !== null;
  };
}
