import { Broker } from "@millrace/broker";
import type { Platform } from "@millrace/platform";
import { nodeCompression } from "@millrace/protocol/compression";

import { brokerPort } from "./connect-to-broker.ts";

/** Times of groups and transactions that are as short as a run. */
export const shortTimes = {
  "offsets.topic.num.partitions": "2",
  "transaction.state.log.num.partitions": "2",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "300",
  "group.initial.rebalance.delay.ms": "20",
  "group.min.session.timeout.ms": "500",
  "group.streams.initial.rebalance.delay.ms": "20",
  "group.streams.assignment.interval.ms": "0",
  "group.streams.heartbeat.interval.ms": "300",
  "group.streams.session.timeout.ms": "1500",
};

/** The broker, until it dies. */
export async function runBroker(platform: Platform, kill: () => void): Promise<void> {
  await Broker.start(platform, {
    dataDirectory: "/data",
    port: brokerPort,
    properties: shortTimes,
    codecs: nodeCompression,
    reserveBytes: 0,
    onFailed: () => queueMicrotask(kill),
  });
  await platform.timers.sleep(Infinity);
}
