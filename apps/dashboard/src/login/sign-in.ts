import { listLogouts, type QueueConnection, recordLogout } from "@rehome/queue";
import type { CookieOptions, Request, Response } from "express";
import type { Logger } from "pino";
import { z } from "zod";
import { type Answer, ok, refused } from "../api/answer.js";
import type { AttemptLimits } from "./attempt-limits.js";
import { addressOf } from "./client-address.js";
import type { Login, Logins } from "./logins.js";
import { LONGEST_PASSWORD } from "./password.js";

export const COOKIE = "rehome";
/** Bull Board's page sends it back as a header, as ours does. Its HTTP client dictates the name. */
export const TOKEN_COOKIE = "XSRF-TOKEN";
export const TOKEN_HEADER = "x-xsrf-token";

const bodySchema = z.strictObject({
  name: z.string().max(64),
  password: z.string().max(LONGEST_PASSWORD),
});

/** The name that a sign-in gives; empty where its body is none. */
export function nameIn(request: Request): string {
  const parsed = bodySchema.safeParse(request.body);
  return parsed.success ? parsed.data.name : "";
}

/** What the page may know about whoever is signed in. */
export function describeLogin(logins: Logins, login: Login) {
  const { name, role } = login;
  return { name, role, token: logins.token(login), canSignOut: logins.required };
}

export interface SignInParts {
  readonly logins: Logins;
  readonly log: Logger;
  readonly limits: AttemptLimits;
}

/** Every attempt is logged. A name that no user has is not: it may be a password, typed into the wrong field. */
export async function signIn(
  { logins, log, limits }: SignInParts,
  options: CookieOptions,
  request: Request,
  response: Response,
): Promise<Answer> {
  const body = bodySchema.safeParse(request.body);
  const login = body.success ? await logins.signIn(body.data.name, body.data.password) : null;
  const address = addressOf(request);
  if (login === null) {
    const name = body.data?.name ?? "";
    log.warn({ who: logins.knows(name) ? name : "unknown", address }, "sign-in refused");
    return refused(401, "wrong-login", "the name or the password is wrong");
  }
  log.info({ who: login.name, address }, "signed in");
  limits.remember(login.name, request);
  response.cookie(COOKIE, logins.write(login), {
    ...options,
    httpOnly: true,
    signed: true,
    expires: new Date(login.expiresAt),
  });
  return ok(describeLogin(logins, login));
}

export async function signOut(
  queue: QueueConnection,
  logins: Logins,
  login: Login,
  response: Response,
): Promise<Answer> {
  logins.end(login);
  response.clearCookie(COOKIE).clearCookie(TOKEN_COOKIE);
  if (logins.required) await recordLogout(queue, login.id, login.expiresAt);
  return ok({ ok: true });
}

/** Learns of logins that ended on another dashboard of this queue, or before this one started. */
export async function learnLogouts(queue: QueueConnection, ended: Set<string>): Promise<void> {
  for (const login of await listLogouts(queue)) ended.add(login);
}
