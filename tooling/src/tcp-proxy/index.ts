export type { TcpFault } from "./fault.js";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
