import type { ChunkView, Me } from "../src/view-model.js";

/** What the server refused, in words fit to be shown. */
export class Refusal extends Error {
  readonly status: number;
  readonly hint: string | null;

  constructor(status: number, message: string, hint: string | null) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

let token = "";

/** null when not signed in. Rejects with Refusal; status 0 while the server cannot be reached. */
export async function readMe(): Promise<Me | null> {
  const { me } = await ask<{ me: Me | null }>("GET", "/api/me");
  return me === null ? null : keepToken(me);
}

export async function signIn(name: string, password: string): Promise<Me> {
  return keepToken(await ask<Me>("POST", "/api/login", { name, password }));
}

export async function signOut(): Promise<void> {
  await ask("POST", "/api/logout", {});
}

export async function changeRun(run: string, verb: string, body: unknown): Promise<string> {
  return (await ask<{ did: string }>("POST", `/api/runs/${run}/${verb}`, body)).did;
}

export async function readChunk(run: string, chunk: number): Promise<ChunkView> {
  return await ask<ChunkView>("GET", `/api/runs/${run}/chunks/${chunk}`);
}

function keepToken(me: Me): Me {
  token = me.token;
  return me;
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { "x-xsrf-token": token };
  if (body !== undefined) headers["content-type"] = "application/json";
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(path, init).catch(() => {
    throw new Refusal(0, "the dashboard cannot be reached", null);
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const { message, hint } =
    (answer as { error?: { message?: string; hint?: string } } | null)?.error ?? {};
  throw new Refusal(
    response.status,
    message ?? `the dashboard answered ${response.status}`,
    hint ?? null,
  );
}
