import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import session from "express-session";

declare module "express-session" {
  interface SessionData {
    user: unknown;
    since: Date;
    visits: number;
  }
}

const COOKIE = "connect.sid";

/** A web application that knows its users by express-session. */
export interface Application {
  readonly url: string;
  close(): Promise<void>;
}

/** The same application, whatever the store: that is all that is changed when it is switched. */
export async function startApplication(store: session.Store): Promise<Application> {
  const app = express();
  app.use(express.json());
  app.use(session({ store, secret: "a secret", resave: false, saveUninitialized: false }));

  app.post("/login", (request, response) => {
    const { user, maxAge } = request.body as { user: unknown; maxAge: number | null };
    if (maxAge !== null) request.session.cookie.maxAge = maxAge;
    Object.assign(request.session, { user, since: new Date(), visits: 0 });
    response.sendStatus(204);
  });
  app.get("/account", ({ session: { user, since, visits } }, response) => {
    if (user === undefined) response.sendStatus(401);
    else response.json({ user, since, visits });
  });
  app.post("/visit", (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.sendStatus(204);
  });
  app.post("/logout", (request, response, next) => {
    request.session.destroy((error: unknown) => {
      if (error) next(error);
      else response.sendStatus(204);
    });
  });

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** One who is logged in, and holds nothing but a cookie. */
export interface Browser {
  /** What a store knows of the cookie. */
  readonly sessionId: string;
  /** The answer's text; throws unless the application knows the user. */
  account(application: Application): Promise<string>;
  /** Changes the session. */
  visit(application: Application): Promise<void>;
  logout(application: Application): Promise<void>;
  isLoggedIn(application: Application): Promise<boolean>;
}

/** `maxAge` in milliseconds; null: a cookie that the browser forgets when it is closed. */
export async function logIn(
  application: Application,
  user: unknown,
  maxAge: number | null,
): Promise<Browser> {
  const answer = await fetch(`${application.url}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, maxAge }),
  });
  const set = answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${COOKIE}=`));
  const cookie = set?.split(";")[0];
  if (cookie === undefined) throw new Error(`no session was begun: ${answer.status}`);

  const ask = async (to: Application, path: string, method = "GET") => {
    const found = await fetch(`${to.url}${path}`, { method, headers: { cookie } });
    return { status: found.status, text: await found.text() };
  };
  const demand = async (...request: Parameters<typeof ask>) => {
    const { status, text } = await ask(...request);
    if (status >= 300) throw new Error(`${request[1]} was answered with ${status}: ${text}`);
    return text;
  };
  return {
    // `s:<id>.<signature>`
    sessionId:
      decodeURIComponent(cookie)
        .slice(COOKIE.length + 3)
        .split(".")[0] ?? "",
    account: (to) => demand(to, "/account"),
    visit: async (to) => void (await demand(to, "/visit", "POST")),
    logout: async (to) => void (await demand(to, "/logout", "POST")),
    isLoggedIn: async (to) => (await ask(to, "/account")).status === 200,
  };
}
