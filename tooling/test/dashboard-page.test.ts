import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { framesWhile, quantile, wander } from "../src/e2e/frame-times.js";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { watchHouse } from "./dashboard-page-fixture.js";
import { furnishedHouse, type Status } from "./house-fixture.js";

const CANARY = "canary7f3a";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Everything axe-core knows of WCAG 2.2 A and AA, contrast included. */
async function expectAccessible(page: Page, what: string): Promise<void> {
  // Through the debugger: the page's policy lets no script in.
  await page.evaluate(await readFile(AXE, "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`,
    );
  });
  expect(violations, what).toEqual([]);
}

async function slowRun(house: House, rate: number): Promise<string> {
  const slow = ["--chunk-size", "50", "--max-rate", String(rate)];
  return (await house.rehomeJson<{ run: string }>(["start", ...slow])).run;
}

async function press(page: Page, label: string, confirm = label): Promise<void> {
  await page.getByRole("button", { name: label, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: confirm, exact: true }).click();
}

/** Empty: no limit. */
async function changeRate(page: Page, rate: string): Promise<void> {
  await page.getByRole("button", { name: "Change the rate" }).click();
  await page.getByLabel("Sessions a second").fill(rate);
  await page.getByRole("dialog").getByRole("button", { name: "Change the rate" }).click();
}

const phase = (page: Page) => page.locator(".run-title .phase").innerText();

async function done(page: Page): Promise<number> {
  const now = await page
    .getByRole("progressbar", { name: "Sessions read" })
    .getAttribute("aria-valuenow");
  return Number(now);
}

describe("the open page", () => {
  it("follows a run through a killed worker, a pause and restarts of the queue Redis and the dashboard, to its verdict", async () => {
    const house = await furnishedHouse({ canary: CANARY });
    const watched = await watchHouse(house);
    const { page, heard, strays } = await watched.visit(watched.operator);
    await page.getByRole("heading", { name: "No migration yet" }).waitFor();
    await expectAccessible(page, "without a run");
    await page.evaluate("globalThis.sameAsEver = true");

    await addManySessions(house.source, 8_000, CANARY);
    await addSession(house.source, { id: `${CANARY}-collides`, attributes: { user_id: CANARY } });
    const [worker] = [await house.startWorker(), await house.startWorker()];
    await slowRun(house, 400);
    await until(
      "the page shows the run",
      async () => (await page.locator(".run-title").count()) > 0,
    );
    await until("progress moves", async () => (await done(page)) > 2);
    const before = await done(page);
    await until("progress moves on", async () => (await done(page)) > before);
    await until(
      "both workers copy",
      async () => (await page.locator(".worker-working").count()) === 2,
    );
    await expectAccessible(page, "while it runs");

    process.kill(worker.pid, "SIGKILL");
    await page
      .locator(".worker-gone", { hasText: String(worker.pid) })
      .waitFor({ timeout: 10_000 });

    await page.getByRole("button", { name: "Pause" }).click();
    await expectAccessible(page, "when asked");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Pause");
    expect(await house.rehomeJson<Status>(["status"])).toMatchObject({ phase: "running" });
    await press(page, "Pause");
    await until("it is paused", async () => (await phase(page)).includes("paused"));
    await page.getByText("Paused: no new batch starts.").waitFor();
    expect(await house.rehomeJson<Status>(["status"])).toMatchObject({ phase: "paused" });
    await changeRate(page, "200");
    await page.getByText("At most 200 sessions a second now.").waitFor();
    await press(page, "Resume");
    await until("it runs again", async () => (await phase(page)).includes("running"));

    process.kill(house.servers.queue.pid, "SIGKILL");
    await page.locator(".banner").waitFor({ timeout: 15_000 });
    expect(await page.locator(".migration.stale").count()).toBe(1);
    await expectAccessible(page, "while the queue is away");
    await house.servers.queue.restart();
    await page.locator(".banner").waitFor({ state: "detached", timeout: 20_000 });

    await watched.dashboard.stop();
    await page.getByText("Connection lost.").waitFor({ timeout: 10_000 });
    await watched.startAgain();
    await page.locator(".banner").waitFor({ state: "detached", timeout: 15_000 });

    await house.rehomeJson(["pause"]);
    await until("the page hears of what others do", async () =>
      (await phase(page)).includes("paused"),
    );
    await changeRate(page, "");
    await page.getByText("The rate is unlimited now.").waitFor();
    await press(page, "Resume");
    await until("it is completed", async () => (await phase(page)).includes("completed"), 60_000);
    await page.locator(".panel-rejects", { hasText: "field-collision" }).waitFor();
    await press(page, "Verify");
    await page.getByText("Nothing is missing, nothing differs").waitFor({ timeout: 20_000 });
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page, "when it is verified, in the dark");

    // It was one page all the time, and knew who was looking.
    expect(await page.evaluate("globalThis.sameAsEver")).toBe(true);
    expect(await page.locator(".who-name").innerText()).toBe("ada");
    expect(await page.locator(".panel-actions li").count()).toBeGreaterThanOrEqual(4);
    const said = await heard();
    expect(said).toContain("field-collision");
    expect(said).not.toContain(CANARY);
    expect(said).not.toContain("uncaught");
    expect(strays).toEqual([]);
  });

  it("tells by pointer and by keyboard of each of 50,000 chunks, and stays fluid while they change", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 50_000);
    const watched = await watchHouse(house);
    const { page } = await watched.visit(watched.viewer);
    await house.startWorker({ args: ["--concurrency", "8"] });
    const started = house.rehome(["start", "--chunk-size", "1", "--order", "id"]);
    await until(
      "the map has all of them",
      async () =>
        (await page.locator(".panel-map .panel-note").innerText()).startsWith("50,000 chunks"),
      60_000,
    );
    expect(await page.locator(".panel-map .panel-note").innerText()).toContain("10 to a cell");
    const frames = await framesWhile(page, () => wander(page, ".map canvas", 60));
    expect(frames.length).toBeGreaterThan(10);
    // A map drawn whole for each change, or a cell as an element, takes many times that.
    expect(quantile(frames, 0.9)).toBeLessThan(250);

    await page.getByRole("slider").focus();
    await page.keyboard.press("End");
    await until("the last chunks are told of", async () =>
      (await page.locator(".told").innerText()).includes("chunks 49990 to 49999"),
    );
    expect(await page.getByRole("slider").getAttribute("aria-valuetext")).toMatch(
      /chunks 49990 to 49999: /,
    );
    await page.keyboard.press("Home");
    await until(
      "the first chunks are told of, with what they took",
      async () =>
        /chunks 0 to 9: .*chunk \d+ done · 1 attempt · \d+.* · 1 read · 1 migrated/.test(
          await page.locator(".told").innerText(),
        ),
      60_000,
    );
    await house.rehome(["cancel"]);
    await started;
  });
});

describe("a viewer", () => {
  it("finds nothing to press, and changes nothing by hand-made requests either", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    const watched = await watchHouse(house);
    const run = await slowRun(house, 1);
    const waiting = await house.queue.llen("{rehome}:chunks:wait");
    expect(waiting).toBeGreaterThan(0);
    const { page } = await watched.visit(watched.viewer);
    await page.getByText("You look; operators change runs.").waitFor();
    await page.getByRole("heading", { name: "Workers" }).waitFor();
    expect(await page.locator(".controls button").count()).toBe(0);
    await expectAccessible(page, "for a viewer");

    const attempts = await page.evaluate(async (id) => {
      const { me } = (await (await fetch("/api/me")).json()) as { me: { token: string } };
      const ask = async (path: string, method: string, token: string) => {
        const headers = { "content-type": "application/json", "x-xsrf-token": token };
        return (await fetch(path, { method, headers, body: "{}" })).status;
      };
      return [
        await ask(`/api/runs/${id}/pause`, "POST", me.token),
        await ask(`/api/runs/${id}/cancel`, "POST", "wrong"),
        await ask("/queues/api/queues/chunks/pause", "PUT", me.token),
        await ask("/queues/api/queues/chunks/obliterate", "PUT", me.token),
        await ask("/queues/api/queues/chunks/add", "POST", me.token),
        await ask(`/queues/api/queues/chunks/${id}-copy-0/promote`, "PUT", me.token),
      ];
    }, run);
    expect(attempts).toEqual([403, 403, 405, 405, 405, 405]);

    const operator = await watched.visit(watched.operator);
    const { cookies } = await operator.page.context().storageState();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const me = await operator.page.evaluate("fetch('/api/me').then((answer) => answer.json())");
    const { token } = (me as { me: { token: string } }).me;
    const pause = async (headers: Record<string, string>) => {
      const url = new URL(`api/runs/${run}/pause`, watched.url);
      return (await fetch(url, { method: "POST", headers })).status;
    };
    const origin = new URL(watched.url).origin;
    expect(await pause({ origin, "x-xsrf-token": token })).toBe(401);
    expect(await pause({ origin, cookie, "x-xsrf-token": "wrong" })).toBe(403);
    expect(await pause({ origin: "https://evil.example", cookie, "x-xsrf-token": token })).toBe(
      403,
    );
    await operator.page.getByRole("button", { name: "Sign out" }).click();
    await operator.page.getByRole("button", { name: "Sign in" }).waitFor();
    await expectAccessible(operator.page, "signing in");
    expect(await pause({ origin, cookie, "x-xsrf-token": token })).toBe(401);
    expect(await house.rehomeJson<Status>(["status"])).toMatchObject({ phase: "running" });
    expect(await house.queue.llen("{rehome}:chunks:wait")).toBe(waiting);
  });
});

describe("the frame", () => {
  it("says that a dashboard hangs, and has Bull Board in it under the same login, on a phone as well", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    const watched = await watchHouse(house);
    await slowRun(house, 1);
    const { page, strays, heard } = await watched.visit(watched.operator, {
      viewport: { width: 375, height: 800 },
    });
    await page.locator(".run-title").waitFor();
    const wide = () => page.evaluate("document.documentElement.scrollWidth") as Promise<number>;
    expect(await wide()).toBe(375);
    // A dashboard that hangs closes no connection, and says nothing either.
    process.kill(watched.dashboard.pid, "SIGSTOP");
    await page.getByText("Connection lost.").waitFor({ timeout: 15_000 });
    process.kill(watched.dashboard.pid, "SIGCONT");
    await page.locator(".banner").waitFor({ state: "detached", timeout: 15_000 });
    await page.getByRole("link", { name: "Jobs" }).click();
    const board = page.frameLocator("iframe");
    await board.getByText("chunks").first().waitFor();
    expect(await wide()).toBe(375);
    expect(strays).toEqual([]);
    expect(await heard()).not.toMatch(/Refused to|violates the following/);
  });
});
