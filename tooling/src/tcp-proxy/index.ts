export { type DistantServer, startDistantServer } from "./distant-server.js";
export type { TcpFault } from "./fault.js";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
