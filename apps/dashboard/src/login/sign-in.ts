import { isIP } from "node:net";
import { listLogouts, type QueueConnection, recordLogout } from "@rehome/queue";
import type { CookieOptions, Request, Response } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import type { Logger } from "pino";
import { z } from "zod";
import { type Answer, ok, refused } from "../api/answer.js";
import type { Login, Logins } from "./logins.js";
import { LONGEST_PASSWORD } from "./password.js";

export const COOKIE = "rehome";
/** Bull Board's page sends it back as a header, as ours does: the name is that of its HTTP client. */
export const TOKEN_COOKIE = "XSRF-TOKEN";
export const TOKEN_HEADER = "x-xsrf-token";

const bodySchema = z.strictObject({
  name: z.string().max(64),
  password: z.string().max(LONGEST_PASSWORD),
});

const QUARTER_HOUR_MS = 15 * 60_000;

/** Failed attempts allowed in a quarter of an hour, per name and per address. */
export const limitAttempts = (proxied: boolean) =>
  [
    // Checked first: an address that has used up its attempts must not use up those of a name.
    { limit: 50, keyGenerator: (request: Request) => `address ${addressOf(request, proxied)}` },
    { limit: 10, keyGenerator: (request: Request) => `name ${nameIn(request.body)}` },
  ].map((limit) =>
    rateLimit({
      windowMs: QUARTER_HOUR_MS,
      skipSuccessfulRequests: true,
      standardHeaders: "draft-8",
      legacyHeaders: false,
      validate: { xForwardedForHeader: false, forwardedHeader: false },
      message: {
        error: { code: "too-many-attempts", message: "too many attempts: try again later" },
      },
      ...limit,
    }),
  );

/** Behind a proxy, the client's address as the proxy saw it: the proxy's own is the same for everybody. */
function addressOf(request: Request, proxied: boolean): string {
  const asked = (proxied && request.get("x-forwarded-for")?.split(",").at(-1)?.trim()) || "";
  const address = isIP(asked) === 0 ? (request.socket.remoteAddress ?? "") : asked;
  // A whole network of IPv6 is one customer's.
  return ipKeyGenerator(address);
}

function nameIn(body: unknown): string {
  const parsed = bodySchema.safeParse(body);
  return parsed.success ? parsed.data.name : "";
}

/** What the page may know of whoever looks at it. */
export function describeLogin(logins: Logins, login: Login) {
  const { name, role } = login;
  return { name, role, token: logins.token(login), canSignOut: logins.required };
}

export interface SignInParts {
  readonly logins: Logins;
  readonly log: Logger;
  /** Whether a proxy is in between. */
  readonly proxied: boolean;
}

/** Whoever tries is logged: a name that is none of ours may be a password in the wrong field, and is not. */
export async function signIn(
  { logins, log, proxied }: SignInParts,
  options: CookieOptions,
  request: Request,
  response: Response,
): Promise<Answer> {
  const body = bodySchema.safeParse(request.body);
  const login = body.success ? await logins.signIn(body.data.name, body.data.password) : null;
  const address = addressOf(request, proxied);
  if (login === null) {
    const name = body.data?.name ?? "";
    log.warn({ who: logins.knows(name) ? name : "unknown", address }, "sign-in refused");
    return refused(401, "wrong-login", "the name or the password is wrong");
  }
  log.info({ who: login.name, address }, "signed in");
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

/** Logins that were ended on another dashboard of this queue, or before this one was started. */
export async function learnLogouts(queue: QueueConnection, ended: Set<string>): Promise<void> {
  for (const login of await listLogouts(queue)) ended.add(login);
}
