import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openSource } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "rehome-tls-"));
const certificate = join(folder, "cert.pem");
const direct = new URL(inject("postgresUrl"));
let server: Server;
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);

/** TLS for another name than the server's, by a CA that nobody knows, before the real PostgreSQL. */
beforeAll(async () => {
  process.on("warning", onWarning);
  const key = join(folder, "key.pem");
  const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate];
  const named = ["-days", "2", "-subj", "/CN=another.example"];
  execFileSync("openssl", ["req", "-x509", ...made, ...named], { stdio: "ignore" });
  const secure = { isServer: true, cert: readFileSync(certificate), key: readFileSync(key) };
  server = createServer((client) => {
    client.on("error", () => undefined);
    // The driver's request for TLS, which PostgreSQL answers with one letter.
    client.once("data", () => {
      client.write("S");
      const tls = new TLSSocket(client, secure);
      const postgres = connect(Number(direct.port), "127.0.0.1");
      for (const socket of [tls, postgres]) socket.on("error", () => tls.destroy());
      tls.on("close", () => postgres.destroy());
      tls.pipe(postgres).pipe(tls);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  process.off("warning", onWarning);
  server.close();
  rmSync(folder, { recursive: true });
});

function urlWith(query: string): URL {
  const url = new URL(direct);
  url.port = String((server.address() as AddressInfo).port);
  url.search = query.replace("CERT", encodeURIComponent(certificate));
  return url;
}

async function outcome(url: URL): Promise<unknown> {
  const source = openSource(url);
  try {
    await source.probe();
    return "connected";
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await source.close();
  }
}

describe("sslmode, as libpq means it:", () => {
  test.each([
    ["sslmode=require", "connected"],
    ["sslmode=no-verify", "connected"],
    ["sslmode=require&sslrootcert=CERT", "connected"],
    ["sslmode=verify-ca&sslrootcert=CERT", "connected"],
    ["sslmode=verify-full&sslrootcert=CERT", "source-ERR_TLS_CERT_ALTNAME_INVALID"],
    ["sslmode=verify-ca", "source-DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["sslmode=verify-full&sslrootcert=system", "source-DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["ssl=true", "source-DEPTH_ZERO_SELF_SIGNED_CERT"],
  ])("%s to a server with a private CA and another name: %s", async (query, expected) => {
    expect(await outcome(urlWith(query))).toBe(expected);
  });

  test("require is refused by a server without TLS, and disable asks for none", async () => {
    for (const [mode, expected] of [
      ["require", "source-NOTLS"],
      ["disable", "connected"],
    ] as const) {
      const url = new URL(direct);
      url.search = `sslmode=${mode}`;
      expect(await outcome(url)).toBe(expected);
    }
  });

  test("none of them prints a warning of the driver's", () => {
    expect(warnings).toEqual([]);
  });

  test.each(["sslrootcert", "sslcert", "sslkey"])(
    "a file named by %s that cannot be read is a mistake of the configuration",
    (name) => {
      const open = () => openSource(urlWith(`sslmode=require&${name}=/nowhere/canary.pem`));
      expect(open).toThrow(
        expect.objectContaining({
          code: "unreadable-certificate",
          exitCode: 2,
          message: expect.stringMatching(`${name}.*ENOENT`),
        }),
      );
      expect(open).not.toThrow(/canary/);
    },
  );

  test("a mode that there is not is refused, and what cannot be decoded", () => {
    const malformed = expect.objectContaining({ code: "malformed-url", exitCode: 2 });
    for (const text of [
      "postgres://a:%ZZ@host/db",
      "postgres://%FF@host/db",
      "postgres://host/%C3",
    ])
      expect(() => openSource(new URL(text))).toThrow(malformed);
    expect(() => openSource(urlWith("sslmode=requier"))).toThrow(malformed);
  });

  test("other options of the URL stay as they are", async () => {
    const url = urlWith("sslmode=require&options=-c%20search_path%3Dnowhere");
    const source = openSource(url);
    expect(await source.listTables()).toEqual([]);
    await source.close();
  });
});
