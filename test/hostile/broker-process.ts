import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

/* A broker in a process of its own: it says where it listens and, when it is asked, what it has taken so far. */

const folder = mkdtempSync(join(tmpdir(), "millrace-hostile-"));
const broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
  dataDirectory: folder,
  port: 0,
  codecs: nodeCompression,
  properties: {
    "group.initial.rebalance.delay.ms": 0,
    "group.coordinator.rebalance.protocols": "classic,consumer,streams,share",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": true,
  },
});
const blocked = monitorEventLoopDelay({ resolution: 5 });
blocked.enable();

process.on("message", (asked) => {
  if (asked === "figures")
    process.send?.({
      peakBytes: process.resourceUsage().maxRSS * 1024,
      longestTurnMs: blocked.max / 1e6,
    });
  if (asked === "reset") blocked.reset();
});
process.on("disconnect", () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
process.send?.(broker.address);
