import { describeFailure, RehomeError } from "@rehome/core";

/** What stopped a script is told in the middle of the message before Redis 7, and a missing permission in words of its own. */
const SCRIPT_REFUSALS: readonly (readonly [RegExp, string | null])[] = [
  [/The user executing the script can't/, "NOPERM"],
  [/^(?:ERR Error running script|@user_script|-).*?\b(OOM|READONLY|MISCONF|NOREPLICAS)\b/s, null],
];

/** Only what is shaped like the codes of Node and OpenSSL; anything else could be a server's own text. */
const CODE = /^[A-Z][A-Z_0-9]*$/;

/**
 * A client's error in words fit to be shown. It holds the command's arguments, among them ids, personal data
 * and the password: nothing of it goes on but its code, whatever it is.
 */
export function describeTargetFailure(error: unknown): RehomeError {
  const described = describeFailure("target", scriptRefusal(error) ?? error);
  if (described instanceof RehomeError) return described;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const shown = CODE.test(code) ? code : "unknown";
  return new RehomeError(`target-${shown}`, `target: the connection failed (${shown})`, {
    unavailable: true,
  });
}

/** The same, with where the connection was to lead. */
export function failureToConnect(error: unknown, address: string): RehomeError {
  return describeTargetFailure(error).at(address, "Check TARGET_URL");
}

/** An error reply as the error a client library makes of it. */
export function replyError({ error }: { readonly error: string }): Error {
  return Object.assign(new Error(error), { name: "ReplyError" });
}

function scriptRefusal(error: unknown): Error | null {
  if (!(error instanceof Error) || error.name !== "ReplyError") return null;
  for (const [pattern, code] of SCRIPT_REFUSALS) {
    const match = pattern.exec(error.message);
    if (match !== null) return Object.assign(new Error(code ?? match[1]), { name: "ReplyError" });
  }
  return null;
}
