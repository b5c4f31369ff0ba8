import { AWAY, makeDescriber, NETWORK_FAILURES, REDIS_FAILURES, RehomeError } from "@rehome/core";

/**
 * A client's error in words fit to be shown; one of our own as it is. Whatever else goes wrong on the way to the target
 * than what the tables know is the connection's fault.
 */
export const describeTargetFailure = makeDescriber(
  "target",
  [REDIS_FAILURES, NETWORK_FAILURES],
  [AWAY, "connection-failed"],
);

/** The same, with where the connection was to lead. */
export function failureToConnect(error: unknown, address: string): unknown {
  const described = describeTargetFailure(error);
  return described instanceof RehomeError ? described.at(address, "Check TARGET_URL") : described;
}

/** Whether the server found something that it cannot read, and closes the connection: by this error reply. */
export function cannotReadOn(message: string): boolean {
  return message.startsWith("ERR Protocol error");
}

/** Whether the server takes no value or command that long. */
export function isTooLong(error: unknown): boolean {
  return error instanceof RehomeError && error.code === "target-TOOLONG";
}

/** An error reply as the error a client library makes of it. */
export function replyError({ error }: { readonly error: string }): Error {
  return Object.assign(new Error(error), { name: "ReplyError" });
}
