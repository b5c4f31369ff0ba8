/** A status, a number, nothing, or what an error says. */
export type Reply = string | number | null | { readonly error: string };

export function isError(reply: Reply): reply is { readonly error: string } {
  return typeof reply === "object" && reply !== null;
}

const [CR, LF, DOLLAR, PLUS, MINUS, COLON] = [13, 10, 36, 43, 45, 58];
const NOTHING = "-1";
const [UPPER_O, UPPER_K] = [79, 75];

/** Replies of one line, which is all that commands sent over a bare connection have. */
export class ReplyParser {
  #rest: Buffer = Buffer.alloc(0);

  /** The replies that are whole with this piece. Throws Error on anything else. */
  add(piece: Buffer): Reply[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const replies: Reply[] = [];
    let at = 0;
    for (;;) {
      // Nearly all of them are +OK.
      if (
        at + 5 <= bytes.length &&
        bytes[at] === PLUS &&
        bytes[at + 1] === UPPER_O &&
        bytes[at + 2] === UPPER_K &&
        bytes[at + 3] === CR
      ) {
        replies.push("OK");
        at += 5;
        continue;
      }
      const end = bytes.indexOf(LF, at);
      if (end === -1) break;
      replies.push(parseLine(bytes, at, end));
      at = end + 1;
    }
    this.#rest = bytes.subarray(at);
    return replies;
  }
}

function parseLine(bytes: Buffer, start: number, end: number): Reply {
  const text = bytes.toString("utf8", start + 1, end - 1);
  switch (bytes.readUInt8(start)) {
    case PLUS:
      return text;
    case COLON:
      return Number(text);
    case MINUS:
      return { error: text };
    case DOLLAR:
      if (text === NOTHING) return null;
  }
  throw Object.assign(new Error("Protocol error"), { name: "ParserError" });
}
