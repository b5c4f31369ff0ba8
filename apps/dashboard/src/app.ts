import { fileURLToPath } from "node:url";
import { RehomeError } from "@rehome/core";
import { pingQueue, type QueueConnection } from "@rehome/queue";
import cookieParser from "cookie-parser";
import express, { type CookieOptions, type Express, type Request, type Response } from "express";
import type { Logger } from "pino";
import { type Answer, ok } from "./api/answer.js";
import { getChunk } from "./api/chunk.js";
import { changeRun } from "./api/controls.js";
import { streamEvents } from "./api/events.js";
import { answerFailure } from "./api/failure.js";
import * as refusals from "./api/refusals.js";
import { getRun, getRuns } from "./api/runs.js";
import { makeBoard } from "./board/board.js";
import { within } from "./deadline.js";
import { boardHeaders, pageHeaders } from "./headers.js";
import { makeAttemptLimits } from "./login/attempt-limits.js";
import type { Login, Logins } from "./login/logins.js";
import { hasToken, isFromOurPage, isProxied, namesLoopback } from "./login/same-origin.js";
import { COOKIE, describeLogin, nameIn, signIn, signOut, TOKEN_COOKIE } from "./login/sign-in.js";
import { allowsMetrics } from "./metrics-access.js";
import { renderMetrics } from "./metrics.js";
import type { Watch } from "./watch/watch.js";

const BOARD_PATH = "/queues";
const HEALTH_MS = 3_000;
/** What `vite build` made of the folder `page`; the same from `src` and `dist`. */
const PAGE = fileURLToPath(new URL("../dist/page/", import.meta.url));

export interface AppParts {
  readonly queue: QueueConnection;
  readonly watch: Watch;
  readonly logins: Logins;
  readonly log: Logger;
  /** Signs the cookie. */
  readonly secret: string;
  /** Where browsers reach the dashboard if a proxy is in between. */
  readonly origin: string | null;
  /** Whose X-Forwarded-For is believed where there is an origin, as Express's `trust proxy` takes it. */
  readonly proxies: string;
  /** null: metrics are for loopback alone. */
  readonly metricsToken: string | null;
}

export function makeApp(parts: AppParts): Express {
  const { queue, watch, logins, log, origin } = parts;
  const proxied = origin !== null;
  const overTls = origin?.startsWith("https:") ?? false;
  const cookies: CookieOptions = { sameSite: "strict", secure: overTls, path: "/" };
  const loginOf = (request: Request): Login | null => logins.read(request.signedCookies[COOKIE]);
  const health = makeHealth(queue);
  const answer = makeAnswer(log);

  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", proxied ? parts.proxies : false);
  const [ofPage, ofBoard] = [pageHeaders(overTls), boardHeaders(overTls)];
  app.use((request, response, next) =>
    (request.path.startsWith(BOARD_PATH) ? ofBoard : ofPage)(request, response, next),
  );

  // Open to anyone who reaches it.
  app.get("/healthz", (_request, response) => answer(response, health()));
  app.get("/metrics", (request, response) => {
    if (!allowsMetrics(request, parts.metricsToken, proxied))
      return answer(response, refusals.noMetrics);
    return sendMetrics(watch, response).catch((error: unknown) =>
      answer(response, Promise.reject(error)),
    );
  });

  // What follows is for browsers.
  app.use((request, response, next) => {
    if (logins.required) next();
    else if (!namesLoopback(request)) void answer(response, refusals.wrongHost);
    else if (isProxied(request)) void answer(response, refusals.proxied);
    else next();
  });
  app.use(cookieParser(parts.secret));
  app.use(express.static(PAGE, { index: "index.html", setHeaders: cacheAssets }));
  app.use((request, response, next) => {
    const changes = request.method !== "GET" && request.method !== "HEAD";
    if (!changes || isFromOurPage(request, origin)) next();
    else void answer(response, refusals.otherOrigin);
  });
  const limits = makeAttemptLimits(nameIn);
  app.post("/api/login", express.json(), ...limits.handlers, (request, response) =>
    answer(response, signIn({ logins, log, limits }, cookies, request, response)),
  );

  app.get("/api/me", (request, response) => {
    const login = loginOf(request);
    return answer(response, ok({ me: login === null ? null : describeLogin(logins, login) }));
  });

  // And this for those who are signed in.
  app.use((request, response, next) => {
    const login = loginOf(request);
    if (login === null && asksForJobs(request)) return response.redirect("/#/jobs");
    if (login === null) return void answer(response, refusals.notSignedIn);
    const changes = request.method !== "GET" && request.method !== "HEAD";
    if (changes && !hasToken(request, logins, login))
      return void answer(response, refusals.noToken);
    response.locals["login"] = login;
    next();
  });
  app.post("/api/logout", (_request, response) =>
    answer(response, signOut(queue, logins, signedIn(response), response)),
  );
  app.get("/api/events", (request, response) =>
    streamEvents(watch, logins, signedIn(response), request, response),
  );
  app.get("/api/runs", (_request, response) => answer(response, getRuns(queue)));
  app.get("/api/runs/:run", (request, response) =>
    answer(response, getRun(queue, request.params.run)),
  );
  app.get("/api/runs/:run/chunks/:chunk", ({ params }, response) =>
    answer(response, async () => getChunk(watch, params.run, params.chunk)),
  );

  const boards = {
    viewer: makeBoard(queue, { path: BOARD_PATH, readOnly: true }),
    operator: makeBoard(queue, { path: BOARD_PATH, readOnly: false }),
  };
  app.use(BOARD_PATH, (request, response, next) => {
    const login = signedIn(response);
    if (request.method === "GET") response.cookie(TOKEN_COOKIE, logins.token(login), cookies);
    else if (login.role === "operator")
      log.info({ who: login.name, what: `${request.method} ${request.path}` }, "operator on jobs");
    boards[login.role](request, response, next);
  });

  // And this for operators.
  app.post("/api/runs/:run/:verb", express.json(), (request, response) => {
    const login = signedIn(response);
    if (login.role !== "operator") return answer(response, refusals.viewersLook);
    const { run, verb } = request.params;
    return answer(response, changeRun(queue, log, login, { run, verb, body: request.body }));
  });
  app.use((_request, response) => answer(response, refusals.notFound));
  app.use((error: unknown, _request: Request, response: Response, _next: () => void) => {
    void answer(response, isOfRequest(error) ? refusals.unreadable : Promise.reject(error));
  });
  return app;
}

/** Someone who followed a link to the jobs, and may sign in on our page. */
function asksForJobs(request: Request): boolean {
  return request.get("sec-fetch-mode") === "navigate" && request.path.startsWith(BOARD_PATH);
}

function signedIn(response: Response): Login {
  return response.locals["login"] as Login;
}

function makeHealth(queue: QueueConnection): () => Promise<Answer> {
  let unanswered: Promise<void> | null = null;
  return async () => {
    // Anyone may ask, however often: while the queue Redis hangs, one question waits for all of them.
    unanswered ??= pingQueue(queue).finally(() => {
      unanswered = null;
    });
    // Whoever asks gives up sooner than a connection that is accepted and then breaks.
    await within(HEALTH_MS, unanswered);
    return ok({ ok: true });
  };
}

async function sendMetrics(watch: Watch, response: Response): Promise<void> {
  const { type, text } = await renderMetrics(watch);
  response.set({ "content-type": type, "cache-control": "no-store" }).send(text);
}

/** Whether express, or a parser of bodies, refused what was sent. */
function isOfRequest(error: unknown): boolean {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500;
}

/** Built assets have their content in their names. */
function cacheAssets(response: Response, file: string): void {
  const forever = file.includes("/assets/");
  response.set("cache-control", forever ? "public, max-age=31536000, immutable" : "no-cache");
}

/** An unexpected error is logged; the client learns nothing about it. */
function makeAnswer(log: Logger) {
  return async (
    response: Response,
    work: Answer | Promise<Answer> | (() => Promise<Answer>),
  ): Promise<void> => {
    const answered = typeof work === "function" ? work() : Promise.resolve(work);
    const { status, body } = await answered.catch((error: unknown) => {
      if (!(error instanceof RehomeError)) log.error({ err: error }, "unexpected error");
      return answerFailure(error);
    });
    if (!response.headersSent) response.status(status).set("cache-control", "no-store").json(body);
  };
}
