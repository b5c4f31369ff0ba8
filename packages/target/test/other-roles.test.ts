import { startRedis } from "@rehome/tooling/local-services";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import { layoutUnder, rejection } from "./target-fixture.js";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function open(url: string): Target {
  const target = openTarget(new URL(url));
  closing.push(() => target.close());
  return target;
}

test("a server whose INFO was renamed away is a target, with a warning", async () => {
  const server = await startRedis({ args: ["--rename-command", "INFO", ""] });
  closing.push(() => server.stop());
  const facts = await open(server.url).inspect(layoutUnder("session:"));
  expect(facts.warnings.join()).toContain("INFO");
});

test("a command that the server does not know is named, with what to do", async () => {
  const server = await startRedis({ args: ["--rename-command", "UNLINK", ""] });
  closing.push(() => server.stop());
  const error = await rejection(
    open(server.url).removeMarker("20260101-000000-aaaa" as never, "s:"),
  );
  expect(error).toMatchObject({
    message: "target: the server refused UNLINK (ERR)",
    hint: expect.stringContaining("knows UNLINK"),
  });
});

const isInstalled = spawnSync("redis-server", ["--version"]).error === undefined;

test.skipIf(!isInstalled)(
  "a Sentinel is refused by its name, and the way to the master is told",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rehome-sentinel-"));
    const port = await freePort();
    await writeFile(join(folder, "sentinel.conf"), `port ${port}\nbind 127.0.0.1\n`);
    const sentinel = spawn("redis-server", [join(folder, "sentinel.conf"), "--sentinel"]);
    closing.push(async () => {
      sentinel.kill();
      await rm(folder, { recursive: true });
    });
    const target = open(`redis://127.0.0.1:${port}`);
    await expect
      .poll(() => rejection(target.probe()), { timeout: 10_000 })
      .toMatchObject({
        code: "target-sentinel",
        exitCode: 2,
        hint: expect.stringContaining("get-master-addr-by-name"),
      });
  },
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
