export { isLoopbackHost } from "./host-name.ts";
export type { HttpApp, RefuseRequest } from "./guard.ts";
export {
  httpOptionRows,
  httpOptionTable,
  type HttpOptions,
  type SignInOptions,
  type TlsOptions,
} from "./http-options.ts";
export { HttpPeers } from "./http-peers.ts";
export type { HttpServer } from "./http-server.ts";
export { nodeListener, type NodeListener } from "./node-listener.ts";
export { serveHttp } from "./serve-http.ts";
export { peerTlsKind } from "./peer-options.ts";
export type { PeerAnswer, PeerOptions, PeerRequest, PeerTls } from "./peer-options.ts";
