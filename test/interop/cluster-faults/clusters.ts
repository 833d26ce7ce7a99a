import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { quickGroups } from "../../conformance/application/quick-groups.ts";
import { KillableProcess } from "../../crash/killable-process.ts";
import { freePorts, startApacheKafka } from "../apache-kafka.ts";
import type { Victim } from "./faults.ts";

export interface FaultyCluster extends AsyncDisposable {
  readonly address: string;
  readonly brokers: readonly Victim[];
  /** What each of them holds; with Kafka's, what it has logged. */
  readonly folders: readonly string[];
}

const nodeCount = 3;
const startMsMax = 60_000;

/** Each topic is on all three nodes, and takes writes while two of them have them. */
export async function threeNodes(): Promise<FaultyCluster> {
  const kafka = await startApacheKafka({ nodeCount, properties: quickGroups });
  return {
    address: kafka.address,
    brokers: Array.from({ length: nodeCount }, (_, node) => ({
      name: `broker ${node}`,
      isBroker: true,
      kill: () => kafka.kill(node),
      revive: () => kafka.revive(node),
    })),
    folders: Array.from({ length: nodeCount }, (_, node) => dirname(kafka.dataOf(node))),
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

const program = fileURLToPath(new URL("../../durability/broker-process.ts", import.meta.url));

/** The bundled broker, in a process of its own. */
export async function bundledBroker(): Promise<FaultyCluster> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-faults-"));
  const port = await freePorts(1);
  const properties = JSON.stringify(quickGroups);
  const begin = async (): Promise<KillableProcess> => {
    const process = new KillableProcess([program, join(folder, "data"), `${port}`, properties]);
    const line = await process.nextLine(startMsMax);
    if (line !== "listening") throw new Error(`the broker does not start: ${process.errors}`);
    return process;
  };
  let process = await begin();
  return {
    address: `127.0.0.1:${port}`,
    brokers: [
      {
        name: "the broker",
        isBroker: true,
        kill: async () => void (await process.killAfter(0)),
        revive: async () => {
          process = await begin();
        },
      },
    ],
    folders: [folder],
    async [Symbol.asyncDispose]() {
      await process.killAfter(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
