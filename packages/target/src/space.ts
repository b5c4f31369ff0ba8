/** Bytes to write to, and the same to read numbers from. */
export interface Space {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function allocate(size: number): Space {
  const bytes = Buffer.allocUnsafe(size);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) };
}

/** Small enough that the server is at work on the first while the next is being filled. */
export const USUAL_SPACE = 256 * 1024;

const MAX_FREE = 8;
const free: Space[] = [];

/** One of the usual size, used before where there is one; a larger one is made, and not used again. */
export function takeSpace(size: number): Space {
  if (size > USUAL_SPACE) return allocate(size);
  return free.pop() ?? allocate(USUAL_SPACE);
}

/** Once nothing reads it any more. */
export function giveBack(space: Space): void {
  if (space.bytes.length === USUAL_SPACE && free.length < MAX_FREE) free.push(space);
}
