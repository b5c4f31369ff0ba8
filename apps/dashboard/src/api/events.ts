import { isRunId, type RunId } from "@rehome/core";
import type { Request, Response } from "express";
import { z } from "zod";
import type { Login, Logins } from "../login/logins.js";
import type { Watch } from "../watch/watch.js";

/** A page with more unsent bytes than this is too slow and is disconnected: it reconnects by itself. */
const UNSENT_LIMIT = 4_000_000;

/** `after` is for a page whose browser gave up reconnecting: the page does it then, and cannot set a header. */
const querySchema = z.object({ run: z.string().catch(""), after: z.string().catch("") });

/**
 * Server-sent events: `overview`, `run`, `samples`, `map` (whole) and `chunks` (what changed in it) whenever they
 * change, `trouble` while the queue Redis does not answer, and `beat` after every look, so that inactivity means
 * that the connection is lost. The id of an event is the mark of the map: a page that comes back with it is sent
 * only what has changed since.
 */
export function streamEvents(
  watch: Watch,
  logins: Logins,
  login: Login,
  request: Request,
  response: Response,
): void {
  const { run: named, after } = querySchema.parse(request.query);
  const run: RunId | null = isRunId(named) ? named : null;
  const sent = new Map<string, string>();
  let mark = request.get("last-event-id") ?? after;
  let drawn: RunId | null = null;

  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  response.write("retry: 1000\n\n");

  function send(event: string, data: unknown, id?: string): void {
    const json = JSON.stringify(data);
    response.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`);
  }

  function sendChanged(event: string, data: unknown): void {
    const json = JSON.stringify(data);
    if (sent.get(event) === json) return;
    sent.set(event, json);
    response.write(`event: ${event}\ndata: ${json}\n\n`);
  }

  function tell(): void {
    if (response.writableEnded || response.destroyed) return;
    if (!logins.isValid(login)) {
      send("signed-out", {});
      response.end();
      return;
    }
    const trouble = watch.trouble();
    if (trouble !== null) {
      sendChanged("trouble", { message: trouble });
    } else {
      sent.delete("trouble");
      const overview = watch.overview();
      if (overview === null) return;
      sendChanged("overview", overview);
      tellOfRun();
    }
    send("beat", { at: Date.now(), ok: trouble === null });
    if (response.writableLength > UNSENT_LIMIT) response.destroy();
  }

  function tellOfRun(): void {
    const watched = watch.of(run);
    const view = watched?.view() ?? null;
    if (watched === null || view === null) return;
    if (drawn !== watched.run) {
      // The newest run may be another one by now.
      if (drawn !== null) mark = "";
      drawn = watched.run;
    }
    sendChanged("run", view);
    sendChanged("samples", watched.samples());
    const changed = watched.changesSince(mark);
    const next = watched.mark();
    if (changed === null) send("map", { letters: watched.letters() }, next);
    else if (changed.length > 0) send("chunks", { changed }, next);
    mark = next;
  }

  const leave = watch.add({ run, onLook: tell });
  request.on("close", leave);
  response.on("close", leave);
}
