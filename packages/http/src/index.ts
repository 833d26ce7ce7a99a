export { isLoopbackHost } from "./host-name.ts";
export type { HttpApp, RefuseRequest } from "./guard.ts";
export {
  httpOptionRows,
  httpOptionTable,
  type HttpOptions,
  type SignInOptions,
  type TlsOptions,
} from "./http-options.ts";
export { HttpServer, serveHttp } from "./http-server.ts";
export { nodeListener, type NodeListener } from "./node-listener.ts";
