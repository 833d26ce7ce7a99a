import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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

const versionFlags: Readonly<Record<string, string>> = { go: "version", kcat: "-V" };

/** Why a test that needs a program, and mostly Apache Kafka's folder, cannot run; undefined if it can. */
export function missingFor(
  program: "gcc" | "go" | "java" | "javac" | "kcat" | "python3",
  { needsApacheKafka = true } = {},
): string | undefined {
  if (!isVerify) return "runs under `npm run verify`";
  if (needsApacheKafka && !existsSync(apacheKafkaFolder))
    return "../shared/apache-kafka is not here";
  try {
    execFileSync(program, [versionFlags[program] ?? "--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${program} is not here`;
  }
}

const execute = promisify(execFile);
const brokerCommand = join(apacheKafkaFolder, "broker");
/** The nodes' ports are 10 apart, each with one more for the controller. */
const portsPerNode = 10;
/** Below the ports that connections go out from: one of those could take a node's at any moment. */
const firstPortMin = 15_000;
const firstPortMax = 32_000;
const portAttemptsMax = 50;
const startAttemptsMax = 3;
/** Several JVMs start beside each other on few cores: the quick compiler does. */
const environment = { ...process.env, JAVA_TOOL_OPTIONS: "-XX:TieredStopAtLevel=1" };

/** Real brokers on loopback, over a folder that goes with them. */
export interface ApacheKafka extends AsyncDisposable {
  /** `host:port`s, separated by commas. */
  readonly address: string;
  /** The folder of a node's data. */
  dataOf(node: number): string;
  /** Ends a node as a power cut would, as far as its process goes. */
  kill(node: number): Promise<void>;
  /** Starts it again, and waits until it listens. */
  revive(node: number): Promise<void>;
}

type BrokerSettings = Readonly<Record<string, number | string>>;

export async function startApacheKafka(
  options: {
    readonly nodeCount?: number;
    /** The brokers' settings; where they name listeners, by the first node's port. */
    readonly properties?: BrokerSettings | ((port: number) => BrokerSettings);
  } = {},
): Promise<ApacheKafka> {
  const { nodeCount = 1, properties = {} } = options;
  const settingsOf = (port: number): readonly string[] => {
    const settings = typeof properties === "function" ? properties(port) : properties;
    return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await startNodes(nodeCount, settingsOf);
    } catch (error) {
      if (attempt === startAttemptsMax) throw error;
    }
  }
}

async function startNodes(
  nodeCount: number,
  settingsOf: (port: number) => readonly string[],
): Promise<ApacheKafka> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-"));
  const guard = guardOf(folder);
  const stop = async (): Promise<void> => {
    guard.kill();
    await broker("stop", folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await freePorts(nodeCount);
    const parameters = [
      "--nodes",
      `${nodeCount}`,
      "--port",
      `${port}`,
      "--heap",
      "512m",
      ...settingsOf(port),
    ];
    const address = await broker("start", folder, ...parameters);
    return {
      address: address.trim(),
      dataOf: (node) => join(folder, `${node}`, "data"),
      async kill(node) {
        await broker("kill", folder, `${node}`);
      },
      async revive(node) {
        await broker("revive", folder, `${node}`);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const said = lastWords(folder, nodeCount);
    await stop();
    throw new Error(`Apache Kafka does not start: ${said}`, { cause: error });
  }
}

/** Stops the nodes should this process end without doing so, killed or out of time. */
function guardOf(folder: string): ChildProcess {
  const script = 'while kill -0 "$1"; do sleep 1; done; "$2" stop "$3"; rm -rf "$3"';
  const parameters = ["-c", script, "guard", `${process.pid}`, brokerCommand, folder];
  const guard = spawn("sh", parameters, { detached: true, stdio: "ignore" });
  guard.unref();
  return guard;
}

async function broker(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await execute(brokerCommand, parameters, { env: environment });
  return stdout;
}

/** The ends of the nodes' logs, before their folder goes. */
function lastWords(folder: string, nodeCount: number): string {
  const files = Array.from({ length: nodeCount }, (_, node) => join(folder, `${node}`, "out.log"));
  return files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8").slice(-2000))
    .join("\n");
}

/** A first port such that all that the nodes take are free. */
export async function freePorts(nodeCount: number): Promise<number> {
  for (let attempt = 0; attempt < portAttemptsMax; attempt++) {
    const first = randomInt(firstPortMin, firstPortMax);
    const wanted = Array.from({ length: nodeCount }, (_, node) => first + portsPerNode * node);
    const all = wanted.flatMap((port) => [port, port + 1]);
    const results = await Promise.allSettled(all.map(listenOn));
    if (results.every(({ status }) => status === "fulfilled")) return first;
  }
  throw new Error(`found no free ports for ${nodeCount} nodes`);
}

/** Listens for a moment; rejects if somebody else does. */
function listenOn(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
