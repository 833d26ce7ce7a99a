// One instance: node examples/rest-api/src/instance.ts BOOTSTRAP STATE-DIRECTORY [PORT]
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { nodeListener, StreamsApp, type FetchHandler } from "millrace";

import { restApi } from "./api.ts";
import { spending } from "./topology.ts";

const [, , cluster, stateDirectory, port = "0"] = process.argv;

// Others are told the address as soon as this one is of the group: the server is there first.
let handler: FetchHandler = () =>
  Promise.resolve(Response.json({ error: "starting" }, { status: 503 }));
const server = createServer(nodeListener((request) => handler(request)));
server.listen(Number(port), "127.0.0.1");
await once(server, "listening");
const address = `127.0.0.1:${(server.address() as AddressInfo).port}`; // of a port, not of a pipe

const program = spending();
const app = await StreamsApp.start(program.topology, {
  applicationId: "spending",
  cluster,
  stateDirectory,
  applicationServer: address,
  querySecret: process.env["QUERY_SECRET"] ?? "not a secret",
  sessionTimeout: "6s",
  heartbeatInterval: "200ms",
});
const api = restApi(app, program);
handler = async (request) => api.fetch(request);
console.log(`http://${address}`);

process.once("SIGTERM", () => void app.close());
await app.closed;
server.close();
server.closeAllConnections();
