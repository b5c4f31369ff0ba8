import type { Connection, PoolClient, Submittable } from "pg";
import { CopyRow, HEADER_BYTES, int32 } from "./copy-row.js";
import type { ReadBuffer } from "./read-buffer.js";

/** Of a message of PostgreSQL's protocol: its type, and its length without the type. */
const MESSAGE_HEADER_BYTES = 5;
const COPY_DATA = "d".charCodeAt(0);
const DATA_ROW = "D".charCodeAt(0);

/** So much is taken from the socket ahead of who reads. */
const MAX_AHEAD_BYTES = 512 * 1024;

type DataListener = (piece: Buffer) => void;

/**
 * The rows of a COPY in binary form, or of FETCH from a binary cursor, which are the same bytes: they are added to a
 * buffer as they come. A client library makes an object of each message, so while it lasts the socket is read here, and
 * only what is no row is passed on.
 */
export class RowStream implements Submittable {
  /** The cursor that `next` moves. */
  readonly row: CopyRow;
  // #from ≤ #messageStart ≤ #next ≤ #whole ≤ the buffer's end.
  /** Where the cursor's message begins. */
  #messageStart: number;
  readonly #buffer: ReadBuffer;
  /** Before it lies what the buffer held already. */
  readonly #from: number;
  readonly #text: string;
  #connection: Connection | null = null;
  #listeners: DataListener[] = [];
  /** Up to here all messages are whole, and none is anything but a row. */
  #whole: number;
  #next: number;
  /** COPY sends a header before its first row, in the same message. */
  #headerRead: boolean;
  #state: "reading" | "ended" | { readonly error: unknown } = "reading";
  #wake: (() => void) | null = null;

  private constructor(text: string, hasHeader: boolean, columns: number, buffer: ReadBuffer) {
    this.#text = text;
    this.#headerRead = !hasHeader;
    this.row = new CopyRow(columns);
    this.#buffer = buffer;
    this.#from = buffer.end;
    [this.#whole, this.#next, this.#messageStart] = [buffer.end, buffer.end, buffer.end];
  }

  static copy(client: PoolClient, select: string, columns: number, buffer: ReadBuffer): RowStream {
    const text = `COPY (${select}) TO STDOUT (FORMAT binary)`;
    return client.query(new RowStream(text, true, columns, buffer));
  }

  /** Statements of which one at the most returns rows: those of a cursor that was declared BINARY. */
  static fetch(client: PoolClient, text: string, columns: number, buffer: ReadBuffer): RowStream {
    return client.query(new RowStream(text, false, columns, buffer));
  }

  /** Waits until there are rows to read; false when all have been. Throws what the server or the socket said. */
  async more(): Promise<boolean> {
    while (this.#next === this.#whole) {
      if (this.#state === "ended") return false;
      if (this.#state !== "reading") throw this.#state.error;
      this.#connection?.stream.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return true;
  }

  /** Moves the cursor to the next row; false after the last one that has come. */
  next(): boolean {
    const { bytes } = this.#buffer;
    while (this.#next < this.#whole) {
      this.#messageStart = this.#next;
      this.#next = endOfMessage(bytes, this.#next);
      if (this.rowStart === this.#next) continue;
      const end = this.row.move(bytes, this.rowStart);
      if (end === false) continue;
      if (end !== this.#next) throw new Error("a message of COPY that is not one row");
      return true;
    }
    return false;
  }

  /** Where the cursor's row begins in the buffer. */
  get rowStart(): number {
    return this.#messageStart + MESSAGE_HEADER_BYTES;
  }

  /** Bytes that have been read and are not forgotten. */
  get keptBytes(): number {
    return this.#next - this.#from;
  }

  /** Forgets what came before the cursor's row, which moves with all that follows. */
  forgetBefore(): void {
    this.#forgetTo(this.#messageStart);
    this.row.move(this.#buffer.bytes, this.rowStart);
  }

  /** Forgets the cursor's row as well. */
  forgetRead(): void {
    this.#forgetTo(this.#next);
  }

  #forgetTo(end: number): void {
    const bytes = end - this.#from;
    this.#buffer.remove(this.#from, end);
    this.#messageStart -= bytes;
    this.#next -= bytes;
    this.#whole -= bytes;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    this.#listeners = stream.listeners("data") as DataListener[];
    for (const listener of this.#listeners) stream.off("data", listener);
    stream.on("data", this.#receive);
    connection.query(this.#text);
  }

  readonly #receive = (piece: Buffer): void => {
    try {
      this.#buffer.add(piece);
      this.#findMessages();
    } catch (error) {
      // There is no memory for it.
      this.handleError(error);
      this.#connection?.stream.destroy();
    }
    if (this.#state !== "reading") {
      this.#passOnRest();
      return;
    }
    if (this.#next === this.#whole) return;
    if (this.#buffer.end - this.#next > MAX_AHEAD_BYTES) this.#connection?.stream.pause();
    this.#wakeUp();
  };

  #findMessages(): void {
    const buffer = this.#buffer;
    while (this.#state === "reading" && this.#whole + MESSAGE_HEADER_BYTES <= buffer.end) {
      const start = this.#whole;
      const end = endOfMessage(buffer.bytes, start);
      if (end > buffer.end) {
        buffer.reserve(end);
        return;
      }
      const type = buffer.bytes[start];
      if (type === COPY_DATA || type === DATA_ROW) {
        this.#whole = this.#headerRead ? end : this.#removeHeader(start, end);
      } else {
        const message = Buffer.from(buffer.bytes.subarray(start, end));
        buffer.remove(start, end);
        this.#passOn(message);
      }
    }
  }

  /** What came behind the end is for the connection's next user. */
  #passOnRest(): void {
    const buffer = this.#buffer;
    const rest = Buffer.from(buffer.bytes.subarray(this.#whole, buffer.end));
    buffer.end = this.#whole;
    if (rest.length > 0) this.#passOn(rest);
  }

  #passOn(piece: Buffer): void {
    for (const listener of this.#listeners) listener.call(this.#connection?.stream, piece);
  }

  /** What comes before the first row is in its message. Returns where that ends then. */
  #removeHeader(start: number, end: number): number {
    this.#headerRead = true;
    const header = start + MESSAGE_HEADER_BYTES;
    this.#buffer.remove(header, header + HEADER_BYTES);
    this.#buffer.bytes.writeInt32BE(end - HEADER_BYTES - start - 1, start + 1);
    return end - HEADER_BYTES;
  }

  handleError(error: unknown): void {
    this.#end({ error });
  }

  handleReadyForQuery(): void {
    this.#end("ended");
  }

  #end(state: "ended" | { readonly error: unknown }): void {
    if (this.#state !== "reading") return;
    this.#state = state;
    const stream = this.#connection?.stream;
    stream?.off("data", this.#receive);
    for (const listener of this.#listeners) stream?.on("data", listener);
    this.#wakeUp();
  }

  handleRowDescription(): void {
    // The columns are known.
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows.
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

function endOfMessage(bytes: Buffer, start: number): number {
  return start + 1 + int32(bytes, start + 1);
}
