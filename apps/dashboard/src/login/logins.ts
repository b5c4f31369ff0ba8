import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role, User } from "@rehome/config";
import { z } from "zod";
import { type CheckPassword, makePasswordCheck } from "./password.js";

/** Someone who is signed in. */
export interface Login {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A signed cookie alone says who is signed in. It is checked against the users configured now. */
export interface Logins {
  /** Whether there are users at all. Without any, whoever reaches the loopback address is an operator. */
  readonly required: boolean;
  /** Whether there is a user of this name. */
  knows(name: string): boolean;
  /** null for a wrong name or password. */
  signIn(name: string, password: string): Promise<Login | null>;
  /** The content of the cookie, still to be signed. */
  write(login: Login): string;
  /** null where there is no login, it has expired or was ended, or its user or password has changed. */
  read(cookie: unknown): Login | null;
  isValid(login: Login): boolean;
  end(login: Login): void;
  /** Must come with every change: other sites can neither read nor guess it. */
  token(login: Login): string;
  isToken(login: Login, token: string | undefined): boolean;
}

const cookieSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  expiresAt: z.number(),
  password: z.string(),
});

const LOCAL: Login = { id: "local", name: "local", role: "operator", expiresAt: Infinity };

export async function makeLogins(
  users: readonly User[],
  options: { readonly secret: string; readonly hours: number; readonly ended: Set<string> },
): Promise<Logins> {
  const byName = new Map(users.map((user) => [user.name, user]));
  const check: CheckPassword = await makePasswordCheck();
  const required = users.length > 0;

  function sign(what: string): string {
    return createHmac("sha256", options.secret).update(what).digest("hex");
  }

  function isValid(login: Login): boolean {
    if (!required) return true;
    return login.expiresAt > Date.now() && !options.ended.has(login.id) && byName.has(login.name);
  }

  return {
    required,
    knows: (name) => byName.has(name),
    signIn: async (name, password) => {
      const user = byName.get(name);
      if (!(await check(user?.passwordHash ?? null, password)) || user === undefined) return null;
      const expiresAt = Date.now() + options.hours * 3_600_000;
      return { id: randomBytes(16).toString("hex"), name, role: user.role, expiresAt };
    },
    write: ({ id, name, expiresAt }) => {
      const password = sign(`password ${byName.get(name)?.passwordHash ?? ""}`);
      return Buffer.from(JSON.stringify({ id, name, expiresAt, password })).toString("base64url");
    },
    read: (cookie) => {
      if (!required) return LOCAL;
      const said = parse(cookie);
      const user = byName.get(said?.name ?? "");
      if (said === null || user === undefined) return null;
      if (!isSame(said.password, sign(`password ${user.passwordHash}`))) return null;
      const { id, name, expiresAt } = said;
      const login: Login = { id, name, role: user.role, expiresAt };
      return isValid(login) ? login : null;
    },
    isValid,
    end: (login) => void options.ended.add(login.id),
    token: (login) => sign(`token ${login.id}`),
    isToken: (login, token) => isSame(token ?? "", sign(`token ${login.id}`)),
  };
}

function parse(cookie: unknown): z.infer<typeof cookieSchema> | null {
  if (typeof cookie !== "string") return null;
  try {
    return cookieSchema.parse(JSON.parse(Buffer.from(cookie, "base64url").toString()));
  } catch {
    return null;
  }
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
