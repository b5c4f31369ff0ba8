import { withSlack } from "@rehome/core";

/** Bytes to write to, and the same to read numbers from. */
export interface ScratchBuffer {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function allocate(size: number): ScratchBuffer {
  const bytes = Buffer.allocUnsafe(size);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) };
}

/** Small enough that the server is at work on the first while the next is being filled. */
export const USUAL_BYTES = 256 * 1024;

/** Buffers of large sessions are kept for the next ones within this limit: they add to what a worker holds. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const kept: ScratchBuffer[] = [];

/** Has room for `size` bytes. Reuses a kept buffer where one fits. */
export function takeScratch(size: number): ScratchBuffer {
  const fitting = kept.findIndex(({ bytes }) => bytes.length >= size);
  const [scratch] = fitting === -1 ? [] : kept.splice(fitting, 1);
  return scratch ?? allocate(size > USUAL_BYTES ? withSlack(size) : USUAL_BYTES);
}

/** Once nothing reads it any more. */
export function giveBack(scratch: ScratchBuffer): void {
  const bytes = kept.reduce((sum, one) => sum + one.bytes.length, scratch.bytes.length);
  if (bytes > MAX_KEPT_BYTES) return;
  kept.push(scratch);
  kept.sort((one, other) => one.bytes.length - other.bytes.length);
}
