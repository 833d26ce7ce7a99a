import { Broker, type BrokerProperties } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import { brokerProperties } from "./topics.ts";

/* A broker that is killed: `node broker-process.ts FOLDER PORT [PROPERTIES]`. It prints a line once it listens. */

const [folder, port, properties] = process.argv.slice(2);
await Broker.start(nodePlatform({ logLevel: "error" }), {
  dataDirectory: folder,
  port: Number(port),
  codecs: nodeCompression,
  properties:
    properties === undefined ? brokerProperties : (JSON.parse(properties) as BrokerProperties),
});
console.log("listening");
