import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { freePorts } from "../interop/apache-kafka.ts";
import { kafkaBroker, repository } from "./places.ts";
import { nodeFlags } from "./node-flags.ts";
import { endProcess, lineOf, startProcess } from "./run-process.ts";

/** A broker in a process of its own. */
export interface RunningBroker {
  readonly kind: BrokerKind;
  readonly bootstrap: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export type BrokerKind = "millrace" | "kafka";

/** Starts a broker on a folder, new or not, and waits until it serves. */
export async function startBroker(
  kind: BrokerKind,
  data: string,
  further: readonly string[] = [],
): Promise<RunningBroker> {
  mkdirSync(data, { recursive: true });
  return kind === "kafka" ? startKafka(data, further) : startMillrace(data, further);
}

/** Durability `group` is the default. Neither side waits for further members of a new group. */
async function startMillrace(data: string, further: readonly string[]): Promise<RunningBroker> {
  const config = join(data, "../millrace.properties");
  writeFileSync(config, "group.initial.rebalance.delay.ms=0\n");
  const main = join(repository, "packages/cli/src/main.ts");
  const parameters = ["broker", "--data", data, "--port", "0", "--config", config, ...further];
  const child = startProcess(process.execPath, [...nodeFlags("broker"), main, ...parameters]);
  const line = await lineOf(child, (candidate) => candidate.includes("ready at"));
  const [bootstrap] = /[\w.]+:\d+$/.exec(line.trim()) ?? [""];
  return { kind: "millrace", bootstrap, pid: child.pid ?? 0, stop: () => endProcess(child) };
}

/** The script leaves the broker running in the background, and tells its process id in a file. */
async function startKafka(data: string, further: readonly string[]): Promise<RunningBroker> {
  const port = await freePorts(1);
  const parameters = ["start", data, "--port", String(port), ...further];
  const bootstrap = execFileSync(kafkaBroker, parameters, { encoding: "utf8" }).trim();
  const stop = (): void => void execFileSync(kafkaBroker, ["stop", data]);
  process.once("exit", stop);
  return {
    kind: "kafka",
    bootstrap,
    pid: Number(readFileSync(join(data, "0/pid"), "utf8")),
    async stop() {
      process.off("exit", stop);
      stop();
    },
  };
}
