import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Service {
  image?: string;
  build?: { args: Record<string, string | null> };
  command?: string[];
  container_name?: string;
  depends_on?: Record<string, { condition: string }>;
  deploy: { resources: { limits: { cpus: string; memory: string } } };
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  ports?: string[];
  profiles?: string[];
  stop_grace_period?: string;
  volumes?: string[];
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const composeText = await readFile(join(ROOT, "docker-compose.yml"), "utf8");
const compose = parse(composeText, { merge: true }) as Compose;
const dockerfile = await readFile(join(ROOT, "Dockerfile"), "utf8");

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

const built = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

describe("docker-compose.yml", () => {
  it("is what the Compose Specification's schema calls a compose file", async () => {
    // The package keeps the schema next to its manifest, and exports the manifest only.
    const folder = dirname(createRequire(import.meta.url).resolve("dclint/package.json"));
    const schema = JSON.parse(
      await readFile(join(folder, "schemas/compose.schema.json"), "utf8"),
    ) as object;
    // It names its dialect, draft 7, by an https URL that nothing knows.
    const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false });
    const validate = ajv.compile(schema);
    expect(validate(compose), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate({ services: { worker: { imagee: "x" } } })).toBe(false);
  });

  it("holds no password, and none is taken to be empty", () => {
    const names = [...composeText.matchAll(/\b([A-Z]+_PASSWORD)\b/g)].map(([, name]) => name);
    for (const name of new Set(names)) {
      if (name === "POSTGRES_PASSWORD")
        expect(composeText).toContain(`POSTGRES_PASSWORD: \${POSTGRES_PASSWORD:?`);
      else expect(composeText).toContain(`REDISCLI_AUTH: "\${${name}:?`);
    }
    for (const [, password] of composeText.matchAll(/:\/\/[^\s:/@]*:([^@\s]*)@/g))
      expect(password).toMatch(/^\$\{[A-Z]+_PASSWORD\}$/);
    for (const [, secret] of composeText.matchAll(/(?:requirepass|AUTH:|PASSWORD:) *"?(\S+)/g))
      expect(secret).toMatch(/^\$\{[A-Z]+_PASSWORD\b/);
  });

  it("publishes the dashboard on loopback, to users alone, and nothing else at all", () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, port]),
    );
    expect(published).toEqual([["dashboard", "127.0.0.1:3000:3000"]]);
    expect(service("dashboard").environment).toMatchObject({
      REHOME_DASHBOARD_HOST: "0.0.0.0",
      REHOME_DASHBOARD_USERS: expect.stringMatching(/^\$\{DASHBOARD_USERS:\?/),
    });
    expect(composeText).not.toContain("network_mode");
  });

  it("gives the dashboard the queue and the target, and never the source", () => {
    const names = Object.keys(service("dashboard").environment ?? {});
    expect(names.filter((name) => name.endsWith("_URL"))).toEqual(["QUEUE_URL", "TARGET_URL"]);
  });

  it("lets the workers be scaled", () => {
    const { container_name, ports } = service("worker");
    expect({ container_name, ports }).toEqual({});
  });

  it("keeps the CLI for docker compose run", () => {
    expect(service("rehome").profiles).toEqual(["cli"]);
    expect(built.filter(([, { profiles }]) => profiles !== undefined)).toHaveLength(1);
  });

  it("limits the processors and the memory of every service", () => {
    for (const [name, { deploy }] of Object.entries(compose.services)) {
      expect(Number(deploy.resources.limits.cpus), name).toBeGreaterThan(0);
      expect(deploy.resources.limits.memory, name).toMatch(/^\d+[mg]$/);
    }
  });

  it("starts our programs once the servers they use are healthy", () => {
    for (const [name, { environment = {}, depends_on = {} }] of built) {
      const used = ["postgres", "redis-queue", "redis-target"].filter((server) =>
        Object.values(environment).some(
          (value) => value.endsWith(`@${server}}`) || value.endsWith(`@${server}/rehome}`),
        ),
      );
      expect(Object.keys(depends_on), name).toEqual(used);
      for (const server of used) {
        expect(depends_on[server], name).toEqual({ condition: "service_healthy" });
        expect(service(server).healthcheck?.test, server).toBeDefined();
      }
    }
    // Every other one of ours has the check of its image.
    expect(
      built.filter(([, { healthcheck }]) => healthcheck?.disable).map(([name]) => name),
    ).toEqual(["rehome"]);
  });

  it("keeps what the servers hold, and evicts nothing", () => {
    for (const name of ["redis-queue", "redis-target"]) {
      const command = service(name).command?.join(" ");
      expect(command).toContain("--appendonly yes");
      expect(command).toContain("--maxmemory-policy noeviction");
      expect(service(name).volumes).toEqual([`${name}:/data`]);
    }
    expect(service("postgres").volumes).toEqual(["postgres:/var/lib/postgresql/data"]);
    expect(Object.keys(compose.volumes)).toEqual(["postgres", "redis-queue", "redis-target"]);
  });

  it("waits for a worker longer than the worker waits for its chunks", () => {
    const { stop_grace_period, environment } = service("worker");
    const grace = Number(/^(\d+)s$/.exec(stop_grace_period ?? "")?.[1]) * 1_000;
    expect(grace).toBeGreaterThan(Number(environment?.["REHOME_STOP_TIMEOUT_MS"]) + 5_000);
  });
});

describe("the Dockerfile", () => {
  it("is built for every app, each of which has the one command it starts", async () => {
    const apps = await readdir(join(ROOT, "apps"));
    expect(built.map(([, { build }]) => build?.args["APP"] ?? "").toSorted()).toEqual(
      apps.toSorted(),
    );
    for (const app of apps)
      expect(await readdir(join(ROOT, "apps", app, "bin")), app).toHaveLength(1);
  });

  it("copies only what exists", async () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      (names ?? "").split(" "),
    );
    expect(sources).toContain("tsconfig.json");
    for (const source of sources) expect(await stat(join(ROOT, source)), source).toBeDefined();
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage);
    for (const [, stage] of dockerfile.matchAll(/^COPY --from=(\S+)/gm))
      expect(stages).toContain(stage);
  });

  it("brings along the page that the dashboard's build makes, and not what it is made of", async () => {
    const manifest = JSON.parse(
      await readFile(join(ROOT, "apps/dashboard/package.json"), "utf8"),
    ) as { scripts: { build: string }; dependencies: object; devDependencies: object };
    expect(manifest.scripts.build).toContain("vite build");
    expect((await readdir(join(ROOT, "apps/dashboard/dist/page"))).toSorted()).toContain(
      "index.html",
    );
    // `dist` is copied with the app; what only builds it is left out with the other devDependencies.
    for (const name of ["vite", "preact", "uplot"]) {
      expect(Object.keys(manifest.devDependencies)).toContain(name);
      expect(Object.keys(manifest.dependencies)).not.toContain(name);
    }
    expect(dockerfile).toMatch(/rm -rf [^&]*apps\/\*\/page apps\/\*\/vite\.config\.ts/);
    const turbo = JSON.parse(await readFile(join(ROOT, "turbo.json"), "utf8")) as {
      tasks: { build: { inputs: string[]; outputs: string[] } };
    };
    expect(turbo.tasks.build.inputs).toContain("page/**");
    expect(turbo.tasks.build.outputs).toEqual(["dist/**"]);
  });

  it("ends with an unprivileged user, an init and a health check", () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^ENTRYPOINT \["tini", "--", "node", /m);
    expect(last).toMatch(/^HEALTHCHECK .*\\\n\s+CMD /m);
    expect(last.indexOf("USER ")).toBeGreaterThan(last.lastIndexOf("RUN "));
  });

  it("takes no file with passwords into an image", async () => {
    expect((await readFile(join(ROOT, ".dockerignore"), "utf8")).split("\n")).toContain(".env*");
    expect((await readFile(join(ROOT, ".gitignore"), "utf8")).split("\n")).toContain(".env");
  });
});
