import { describe, expect, inject, test } from "vitest";
import { openQueue } from "../src/index.js";

async function refusal(change: (url: URL) => void): Promise<unknown> {
  const url = new URL(inject("redisUrl"));
  change(url);
  return await openQueue(url).then(
    async (queue) => {
      await queue.close();
      return null;
    },
    (error: unknown) => error,
  );
}

describe("a queue URL", () => {
  test.each(["/-1", "/foo", "/0/foo", "/abc", "/1.5"])(
    "that names the database %s is refused: the ledger must not be in another one",
    async (pathname) => {
      expect(await refusal((url) => (url.pathname = pathname))).toMatchObject({
        code: "malformed-url",
        exitCode: 2,
        hint: expect.stringContaining("QUEUE_URL"),
      });
    },
  );

  test("whose password cannot be decoded is refused without being quoted", async () => {
    const url = new URL(inject("redisUrl"));
    const text = `redis://:canary%ZZ@${url.host}/`;
    const error = await openQueue(new URL(text)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "malformed-url", exitCode: 2 });
    expect(String(error)).not.toContain("canary");
  });

  test("with a database that the server does not have is refused, saying where", async () => {
    const url = new URL(inject("redisUrl"));
    expect(await refusal((to) => (to.pathname = "/99"))).toMatchObject({
      code: "queue-ERR",
      message: `queue: the server refused SELECT (ERR) at ${url.host}/99`,
      hint: expect.stringContaining("database"),
    });
  });

  test("leads to the database that it names, whatever options it adds", async () => {
    const url = new URL(inject("redisUrl"));
    [url.pathname, url.search] = ["/3", "?db=4&keyPrefix=elsewhere:"];
    const queue = await openQueue(url);
    expect(await queue.client.client("INFO")).toContain(" db=3 ");
    await queue.close();
  });
});
