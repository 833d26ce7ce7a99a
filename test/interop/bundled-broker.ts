import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker, type BrokerProperties } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

/** A broker of ours in this process: on a free port, over a folder that goes with it. */
export interface BundledBroker extends AsyncDisposable {
  /** `host:port`, as other clients take it. */
  readonly address: string;
  /** The same of each of its listeners. */
  readonly addresses: readonly string[];
}

/** Groups assemble at once, so that tests do not wait for members that never come. */
const testProperties: BrokerProperties = { "group.initial.rebalance.delay.ms": 0 };

export async function startBundledBroker(
  properties: BrokerProperties = testProperties,
  port = 0,
): Promise<BundledBroker> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-interop-"));
  const broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: folder,
    port,
    codecs: nodeCompression,
    properties,
  });
  const addresses = broker.addresses.map(({ host, port: bound }) => `${host}:${bound}`);
  return {
    address: addresses[0],
    addresses,
    async [Symbol.asyncDispose]() {
      await broker.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
