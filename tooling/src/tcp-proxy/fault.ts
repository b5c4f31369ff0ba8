/** The way of the bytes: what the client sends, and what the server sends. */
export type Direction = "request" | "reply";

/** What befalls a connection on which a request is made. */
export type TcpFault =
  /** It is reset once so many more bytes have passed one way. */
  | { readonly kind: "cut"; readonly direction: Direction; readonly afterBytes: number }
  /**
   * It is reset before the server hears of the request, or when the server has acted and its reply comes
   * back.
   */
  | { readonly kind: "reset"; readonly when: "before" | "after" };

/** Whether the server has acted by the time the fault strikes: then the client does not know that it has. */
export function serverActed(fault: TcpFault): boolean {
  return fault.kind === "cut" ? fault.direction === "reply" : fault.when === "after";
}

/** What becomes of a piece: how many of its bytes pass, and whether the connection is reset then. */
export interface Verdict {
  readonly pass: number;
  readonly reset: boolean;
}

/** A fault that has chosen its connection. Asked about each piece that arrives there. */
export function makeJudge(fault: TcpFault): (direction: Direction, bytes: number) => Verdict {
  let left = fault.kind === "cut" ? fault.afterBytes : 0;
  return (direction, bytes) => {
    const strikes =
      fault.kind === "cut"
        ? fault.direction === direction
        : direction === (fault.when === "before" ? "request" : "reply");
    if (!strikes) return { pass: bytes, reset: false };
    const pass = Math.min(left, bytes);
    left -= pass;
    return { pass, reset: left === 0 };
  };
}
