import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Apache Kafka itself with the tools around it; beside this repository, if at all. */
export const apacheKafkaFolder = fileURLToPath(
  new URL("../../../shared/apache-kafka", import.meta.url),
);

export const isVerify = process.env["MILLRACE_VERIFY"] === "1";

/** Why a test that needs Apache Kafka's folder and a program cannot run; undefined if it can. */
export function missingFor(program: "go" | "java"): string | undefined {
  if (!isVerify) return "runs under `npm run verify`";
  if (!existsSync(apacheKafkaFolder)) return "../shared/apache-kafka is not here";
  try {
    execFileSync(program, [program === "go" ? "version" : "--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${program} is not here`;
  }
}

const run = promisify(execFile);
const brokerCommand = join(apacheKafkaFolder, "broker");
/** The nodes' ports are 10 apart, each with one more for the controller. */
const portsPerNode = 10;
const portAttemptsMax = 50;

/** Real brokers on loopback, over a folder that goes with them. */
export interface ApacheKafka extends AsyncDisposable {
  /** `host:port`s, separated by commas. */
  readonly address: string;
  /** Ends a node as a power cut would, as far as its process goes. */
  kill(node: number): Promise<void>;
  /** Starts it again, and waits until it listens. */
  revive(node: number): Promise<void>;
}

export async function startApacheKafka(
  options: { readonly nodeCount?: number; readonly properties?: readonly string[] } = {},
): Promise<ApacheKafka> {
  const { nodeCount = 1, properties = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-"));
  const port = await freePorts(nodeCount);
  const stop = async (): Promise<void> => {
    await run(brokerCommand, ["stop", folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const parameters = ["--nodes", `${nodeCount}`, "--port", `${port}`, "--heap", "512m"];
    const { stdout } = await run(brokerCommand, ["start", folder, ...parameters, ...properties]);
    return {
      address: stdout.trim(),
      async kill(node) {
        await run(brokerCommand, ["kill", folder, `${node}`]);
      },
      async revive(node) {
        await run(brokerCommand, ["revive", folder, `${node}`]);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A first port such that all that the nodes take are free. */
async function freePorts(nodeCount: number): Promise<number> {
  for (let attempt = 0; attempt < portAttemptsMax; attempt++) {
    const first = await listenOn(0);
    const wanted = Array.from({ length: nodeCount }, (_, node) => first + portsPerNode * node);
    const all = wanted.flatMap((port) => [port, port + 1]);
    if (all.some((port) => port > 65_535)) continue;
    const results = await Promise.allSettled(all.map(listenOn));
    if (results.every(({ status }) => status === "fulfilled")) return first;
  }
  throw new Error(`found no free ports for ${nodeCount} nodes`);
}

/** Listens for a moment; gives the port. */
function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
