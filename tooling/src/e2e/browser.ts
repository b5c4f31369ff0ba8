import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium, plainEnvironment, thisMachine } from "../local-services/index.js";
import type { DashboardUser } from "./dashboard-user.js";

/** This machine's chromium, without a window. Its own sandbox cannot be had by root. */
export async function openBrowser(): Promise<Browser> {
  const machine = thisMachine();
  return await chromium.launch({
    executablePath: await findChromium(machine),
    args: machine.isRoot ? ["--no-sandbox"] : [],
    env: plainEnvironment(machine),
  });
}

/** A page of its own, with nothing of another's. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

export async function signIn(page: Page, user: DashboardUser): Promise<void> {
  await page.getByLabel("Name").fill(user.name);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}
