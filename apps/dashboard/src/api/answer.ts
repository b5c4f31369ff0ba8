/** What a handler answers with; only the app touches the response. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function refused(status: number, code: string, message: string, hint?: string): Answer {
  return { status, body: { error: { code, message, ...(hint !== undefined && { hint }) } } };
}
