import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { Broker, parsePropertiesFile } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import type { Command } from "../command.ts";
import { UsageError } from "../usage-error.ts";

const durabilityLevels = ["memory", "os", "group", "strict"] as const;

/** `millrace broker`: runs a broker until it is asked to end. */
export const brokerCommand: Command = {
  name: "broker",
  summary: "run a broker",
  usage: `millrace broker --data DIR [--port PORT] [--host HOST] [--config FILE] [--durability LEVEL]

  --data DIR          the folder of its data; made if it is not there
  --port PORT         default 9092; 0 takes a free one
  --host HOST         default 127.0.0.1; only loopback addresses, since there is no authentication yet
  --config FILE       Kafka's properties, a line NAME=VALUE each
  --durability LEVEL  memory, os, group (default: acknowledged means on the disk) or strict`,

  async run(parameters, terminal) {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        data: { type: "string" },
        port: { type: "string", default: "9092" },
        host: { type: "string", default: "127.0.0.1" },
        config: { type: "string" },
        durability: { type: "string", default: "group" },
      },
    });
    const durability = durabilityLevels.find((level) => level === values.durability);
    if (values.data === undefined) throw new UsageError("give the folder of the data: --data DIR");
    if (durability === undefined) {
      throw new UsageError(`--durability is one of ${durabilityLevels.join(", ")}`);
    }
    const properties =
      values.config === undefined ? {} : parsePropertiesFile(readFileSync(values.config, "utf8"));
    const failed = new AbortController();
    const broker = await Broker.start(nodePlatform(), {
      dataDirectory: values.data,
      host: values.host,
      port: portOf(values.port),
      durability,
      properties,
      codecs: nodeCompression,
      onFailed: (failure) => failed.abort(failure),
    });
    terminal.print(`millrace broker is ready at ${broker.address.host}:${broker.address.port}`);
    await aborted(AbortSignal.any([terminal.signal, failed.signal]));
    await broker.close();
    failed.signal.throwIfAborted();
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(`--port is ${text}; give a number from 0 to 65535`);
}
