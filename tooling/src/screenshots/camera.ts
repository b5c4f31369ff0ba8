import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";

export const WIDTHS = [375, 1280, 2560] as const;
const HEIGHT = 900;

/** Takes a page as it is, at every width, in light and dark. */
export interface Camera {
  take(page: Page, name: string): Promise<void>;
}

export async function openCamera(folder: string): Promise<Camera> {
  await mkdir(folder, { recursive: true });
  return {
    take: async (page, name) => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          await settle(page);
          const path = join(folder, `${name}-${width}-${colorScheme}.png`);
          await page.screenshot({ path, fullPage: true });
        }
      }
      await page.setViewportSize({ width: 1280, height: HEIGHT });
      await page.emulateMedia({ colorScheme: "light" });
    },
  };
}

/** Until sizes were observed and canvases drawn. */
async function settle(page: Page): Promise<void> {
  await page.waitForTimeout(250);
}
