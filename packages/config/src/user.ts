import { RehomeError, strictObject } from "@rehome/core";
import { z } from "zod";

/** A viewer looks; an operator changes runs as well. */
export const ROLES = ["viewer", "operator"] as const;
export type Role = (typeof ROLES)[number];

const nameSchema = z
  .string()
  .regex(/^[\w.@-]{1,64}$/, { error: "must be 1 to 64 letters, digits or . _ @ -" });

const userSchema = strictObject(
  {
    name: nameSchema,
    role: z.enum(ROLES, { error: `must be one of ${ROLES.join(", ")}` }),
    passwordHash: z.string().regex(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/-]+\$[\w+/-]+$/, {
      error: "must be an argon2id hash: make one with rehome-dashboard hash-password",
    }),
  },
  "must be an object with name, role and passwordHash",
);

/** The environment's list of users; it goes before the config file's. */
export const USERS_VARIABLE = "REHOME_DASHBOARD_USERS";

/** Someone who may sign in to the dashboard. */
export type User = z.infer<typeof userSchema>;

export const usersSchema = z
  .array(userSchema, { error: "must be a list of users" })
  .refine((users) => new Set(users.map(({ name }) => name)).size === users.length, {
    error: "must not name a user twice",
  });

/** Throws RehomeError `bad-users` (exit 2) for a name that no user can have. It does not quote the name. */
export function assertUserName(name: string): void {
  const { success, error } = nameSchema.safeParse(name);
  if (success) return;
  const mistakes = error.issues.map(({ message }) => message);
  throw new RehomeError("bad-users", `a user's name ${mistakes.join("; ")}`, { exitCode: 2 });
}

/**
 * Users as the environment gives them, `name:role:hash` with white space between two. Throws RehomeError
 * `bad-users` (exit 2), which quotes nothing of them.
 */
export function parseUsers(text: string): User[] {
  const users = text
    .split(/\s+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [name, role, ...hash] = entry.split(":");
      return { name, role, passwordHash: hash.join(":") };
    });
  const { success, data, error } = usersSchema.safeParse(users);
  if (success) return data;
  const mistakes = error.issues.map((issue) => {
    const [at, key] = issue.path;
    return typeof at === "number"
      ? `user ${at + 1}: ${String(key ?? "")} ${issue.message}`
      : issue.message;
  });
  throw new RehomeError("bad-users", `${USERS_VARIABLE}: ${[...new Set(mistakes)].join("; ")}`, {
    hint: "It holds name:role:hash for each user, with white space between two; make one with: rehome-dashboard hash-password --user NAME --role operator",
    exitCode: 2,
  });
}
