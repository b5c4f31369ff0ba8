import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { openBrowser, openPage, signIn } from "../e2e/browser.js";
import { makeUser } from "../e2e/dashboard-user.js";
import { framesWhile, quantile, wander } from "../e2e/frame-times.js";
import { type House, openHouse, until } from "../e2e/house.js";
import { startPostgres } from "../local-services/index.js";
import { openCamera } from "./camera.js";

/**
 * Takes the dashboard in every state it has, at three widths in light and dark, into a folder (the argument, else a
 * temporary one), and two pictures for the README; and measures frames with 50,000 chunks.
 */
const README = fileURLToPath(new URL("../../../apps/dashboard/screenshots/", import.meta.url));
const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "rehome-screenshots-")));
const closing: (() => Promise<unknown>)[] = [];
try {
  await takeAll();
} finally {
  for (const close of closing.reverse()) await close();
}

async function takeAll(): Promise<void> {
  const postgres = await startPostgres();
  closing.push(() => postgres.stop());
  const house = await openHouse(postgres.url);
  closing.push(() => house.close());
  await house.target.config("SET", "maxmemory", "512mb");
  const [operator, viewer] = await Promise.all([
    makeUser("ada", "operator"),
    makeUser("vic", "viewer"),
  ]);
  const environment = { REHOME_DASHBOARD_USERS: `${operator.entry} ${viewer.entry}` };
  const dashboard = await house.startDashboard(environment);
  const browser = await openBrowser();
  closing.push(() => browser.close());
  const camera = await openCamera(folder);

  const page = await openPage(browser, dashboard.url);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await camera.take(page, "sign-in");
  await signIn(page, operator);
  await page.getByRole("heading", { name: "No migration yet" }).waitFor();
  await camera.take(page, "no-run");

  await house.rehome(["seed", "--users", "20000", "--sessions", "150000"]);
  await spoil(house);
  await house.startWorker();
  const doomed = await house.startWorker();
  await house.rehome(["start", "--chunk-size", "250", "--max-rate", "3500"]);
  await atLeast(page, 35);
  await page.waitForTimeout(2_000);
  await forReadme(page, "light");
  process.kill(doomed.pid, "SIGKILL");
  await page.locator(".worker-gone").waitFor();
  await page.locator(".map").focus();
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
  await forReadme(page, "dark");
  await camera.take(page, "running");

  await page.getByRole("button", { name: "Pause" }).click();
  await camera.take(page, "asking");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused: no new batch starts.").waitFor();
  await camera.take(page, "paused");
  process.kill(house.servers.queue.pid, "SIGKILL");
  await page.locator(".banner").waitFor();
  await camera.take(page, "queue-away");
  await house.servers.queue.restart();
  await page.locator(".banner").waitFor({ state: "detached" });
  await dashboard.stop();
  await page.getByText("Connection lost.").waitFor();
  await camera.take(page, "connection-lost");
  await house.startDashboard(environment, Number(new URL(dashboard.url).port));
  await page.locator(".banner").waitFor({ state: "detached" });

  await house.source.query("ALTER TABLE session_data RENAME TO elsewhere");
  await house.rehome(["resume"]);
  await ended(page);
  await page.locator(".panel-rejects summary").first().click();
  await camera.take(page, "failed");
  await house.source.query("ALTER TABLE elsewhere RENAME TO session_data");
  await house.rehome(["retry", "--wait"]);
  await house.rehome(["verify"]);
  await page.getByText("Nothing is missing, nothing differs").waitFor();
  await camera.take(page, "verified");

  const looking = await openPage(browser, dashboard.url);
  await signIn(looking, viewer);
  await looking.locator(".run-title").waitFor();
  await camera.take(looking, "viewer");
  await page.getByRole("link", { name: "Jobs" }).click();
  await page.frameLocator("iframe").getByText("chunks").first().waitFor();
  await camera.take(page, "jobs");
  await page.getByRole("link", { name: "Migration" }).click();

  await house.rehome(["seed", "--users", "20000", "--sessions", "50000", "--reset"]);
  const started = house.rehome(["start", "--chunk-size", "1", "--order", "id"]);
  await until(
    "50,000 chunks are there",
    async () => (await page.locator(".panel-map .panel-note").innerText()).startsWith("50,000"),
    120_000,
  );
  for (const width of [375, 1280, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    const frames = await framesWhile(page, async () => {
      await wander(page, ".map canvas", 200);
      await page.waitForTimeout(3_000);
    });
    say(`frames with 50,000 chunks at ${width} px: ${describe(frames)}`);
  }
  await camera.take(page, "50000-chunks");
  await house.rehome(["cancel"]);
  await started;
  await page.locator(".panel-runs a").last().click();
  await page.getByText("Nothing is missing, nothing differs").waitFor();
  await camera.take(page, "older-run");
  say(`screenshots are in ${folder}, those of the README in ${README}`);
}

/** Sessions that cannot be represented, of two kinds. */
async function spoil(house: House): Promise<void> {
  const some = (limit: number) =>
    `SELECT session_id FROM user_sessions ORDER BY md5(session_id) LIMIT ${limit}`;
  await house.source.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value) SELECT session_id, 'user_id', 'x' FROM (${some(14)}) s`,
  );
  await house.source.query(
    `UPDATE user_sessions SET last_activity_at = 'infinity' WHERE session_id IN (${some(40)}) AND session_id NOT IN (${some(31)})`,
  );
}

async function forReadme(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.setViewportSize({ width: 1280, height: colorScheme === "light" ? 1080 : 1350 });
  await page.emulateMedia({ colorScheme });
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(README, `migration-${colorScheme}.png`) });
}

async function atLeast(page: Page, share: number): Promise<void> {
  const bar = page.getByRole("progressbar", { name: "Sessions read" });
  await bar.waitFor();
  await until(
    `${share} % are done`,
    async () => Number(await bar.getAttribute("aria-valuenow")) >= share,
    120_000,
  );
}

async function ended(page: Page): Promise<void> {
  await until(
    "the run has failed",
    async () => (await page.locator(".run-title .phase").innerText()).includes("failed"),
    60_000,
  );
}

function describe(frames: readonly number[]): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return `${frames.length}, median ${ms(quantile(frames, 0.5))}, 95 % within ${ms(quantile(frames, 0.95))}, longest ${ms(Math.max(...frames))}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
