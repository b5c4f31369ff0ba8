import { listStatuses, type QueueConnection, readStatus, resolveRun } from "@rehome/queue";
import { type Answer, ok } from "./answer.js";

/** What `rehome runs --json` gives. */
export async function getRuns(queue: QueueConnection): Promise<Answer> {
  return ok(await listStatuses(queue));
}

/** What `rehome status RUN --json` gives. */
export async function getRun(queue: QueueConnection, named: string): Promise<Answer> {
  return ok(await readStatus(queue, await resolveRun(queue, named)));
}
