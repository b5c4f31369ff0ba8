import { createServer, type Server } from "node:http";

/** GET /healthz: 200 while `isHealthy`, 503 otherwise. */
export async function serveHealth(port: number, isHealthy: () => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const known = request.url === "/healthz";
    const status = known ? (isHealthy() ? 200 : 503) : 404;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ ok: status === 200 }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, () => resolve());
  });
  return server;
}
