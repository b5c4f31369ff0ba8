import type { Page } from "playwright-core";

/** Milliseconds from frame to frame, while `work` goes on. */
export async function framesWhile(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`
    globalThis.framesSeen = [];
    globalThis.counting = true;
    let last = performance.now();
    const frame = (now) => {
      globalThis.framesSeen.push(now - last);
      last = now;
      if (globalThis.counting) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);`);
  await work();
  return await page.evaluate("globalThis.counting = false, globalThis.framesSeen");
}

/** The value that so large a share (0 to 1) of all is no larger than. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Moves the pointer over all of an element, as someone who looks around. */
export async function wander(page: Page, selector: string, steps: number): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`nothing to be seen of ${selector}`);
  for (let i = 0; i < steps; i += 1)
    await page.mouse.move(
      box.x + (box.width * (i % 20)) / 20,
      box.y + (box.height * (i % 11)) / 11,
    );
}
