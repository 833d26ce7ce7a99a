import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { kafkaBroker, repository } from "./places.ts";
import { endProcess, heapFlags, lineOf, startProcess } from "./run-process.ts";

/** A broker in a process of its own. */
export interface RunningBroker {
  readonly kind: BrokerKind;
  readonly bootstrap: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export type BrokerKind = "millrace" | "kafka";

/** Starts a broker on a folder, new or not, and waits until it serves. */
export async function startBroker(kind: BrokerKind, data: string): Promise<RunningBroker> {
  mkdirSync(data, { recursive: true });
  return kind === "kafka" ? startKafka(data) : startMillrace(data);
}

/** Durability `group` is the default. Neither side waits for further members of a new group. */
async function startMillrace(data: string): Promise<RunningBroker> {
  const config = join(data, "../millrace.properties");
  writeFileSync(config, "group.initial.rebalance.delay.ms=0\n");
  const main = join(repository, "packages/cli/src/main.ts");
  const parameters = ["broker", "--data", data, "--port", "0", "--config", config];
  const child = startProcess(process.execPath, [...heapFlags, main, ...parameters]);
  const line = await lineOf(child, (candidate) => candidate.includes("ready at"));
  const [bootstrap] = /[\w.]+:\d+$/.exec(line.trim()) ?? [""];
  return { kind: "millrace", bootstrap, pid: child.pid ?? 0, stop: () => endProcess(child) };
}

/** The script leaves the broker running in the background, and tells its process id in a file. */
async function startKafka(data: string): Promise<RunningBroker> {
  const port = await freePort();
  const parameters = ["start", data, "--port", String(port)];
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

/** One whose successor is free too: Kafka's controller takes that one. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port % 2 === 0 ? port : port - 1;
}
