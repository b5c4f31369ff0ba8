import {
  type Browser,
  type BrowserContextOptions,
  type Page,
  type Response,
} from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { openBrowser, openPage, signIn } from "../src/e2e/browser.js";
import { type DashboardUser, makeUser } from "../src/e2e/dashboard-user.js";
import type { House } from "../src/e2e/house.js";
import type { Program } from "../src/programs.js";

/** The same for every file's tests: behaviour is tested at one width. */
const VIEWPORT = { width: 1280, height: 900 };

export interface WatchedHouse {
  readonly url: string;
  readonly dashboard: Program;
  readonly operator: DashboardUser;
  readonly viewer: DashboardUser;
  /** A dashboard that takes this one's place on the same port, once this one has ended. */
  startAgain(): Promise<void>;
  /** A page of a browser in which this user, if any, is signed in. */
  visit(user: DashboardUser | null, options?: BrowserContextOptions): Promise<Visit>;
}

export interface Visit {
  readonly page: Page;
  /** The body of everything the page was answered, streams excepted, and what it said on its console. */
  readonly heard: () => Promise<string>;
  /** Where the page asked for something that is not the dashboard's. */
  readonly strays: string[];
}

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

afterAll(async () => {
  await browser.close();
});

export async function watchHouse(house: House): Promise<WatchedHouse> {
  const [operator, viewer] = await Promise.all([
    makeUser("ada", "operator"),
    makeUser("vic", "viewer"),
  ]);
  const environment = { REHOME_DASHBOARD_USERS: `${operator.entry} ${viewer.entry}` };
  const dashboard = await house.startDashboard(environment);
  const { port } = new URL(dashboard.url);
  return {
    url: dashboard.url,
    dashboard,
    operator,
    viewer,
    startAgain: async () => {
      await house.startDashboard(environment, Number(port));
    },
    visit: async (user, options = {}) => {
      const page = await openPage(browser, "about:blank", { viewport: VIEWPORT, ...options });
      const responses: Response[] = [];
      const said: string[] = [];
      const strays: string[] = [];
      page.on("response", (response) => responses.push(response));
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(`uncaught ${error.message}`));
      page.on("request", (request) => {
        if (!request.url().startsWith(dashboard.url) && !request.url().startsWith("data:"))
          strays.push(request.url());
      });
      await page.goto(dashboard.url);
      if (user !== null) await signIn(page, user);
      return {
        page,
        strays,
        heard: async () => {
          const bodies = responses
            .filter((response) => !response.url().includes("/api/events"))
            .map((response) => response.text().catch(() => ""));
          return [...(await Promise.all(bodies)), ...said, await page.content()].join("\n");
        },
      };
    },
  };
}
