import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { besideBench } from "../places.ts";

const execute = promisify(execFile);
const outputMaxBytes = 64 * 1024 * 1024;

/** Apache Kafka's own measuring tools. */
export class PerfTools {
  readonly #classPath: string;

  /** Compiles what runs the tools into the folder. */
  constructor(folder: string) {
    const get = besideBench("../../../shared/apache-kafka/get");
    const library = execFileSync(get, { encoding: "utf8" }).trim();
    const classes = join(folder, "classes");
    mkdirSync(classes, { recursive: true });
    const sources = ["ManyProducers", "WithCpu"].map((name) => besideBench(`broker/${name}.java`));
    execFileSync("javac", ["-cp", `${library}/*`, "-d", classes, ...sources]);
    this.#classPath = `${classes}:${library}/*`;
  }

  /** Records of some size with acks=all, as fast as it goes. Resolves with how long that took. */
  async produce(run: ProduceRun): Promise<ClientRun> {
    const parameters = [`${run.producers}`, ...producerParameters(run, -1)];
    const { output, client } = await this.#run("ManyProducers", parameters);
    const [, seconds] = /\{"seconds":([\d.]+)\}/.exec(output) ?? [];
    if (Number(seconds) > 0) return { ...client, recordsPerSecond: run.records / Number(seconds) };
    throw new Error(`the producers' tool said:\n${output}`);
  }

  /** Produces at a rate until the returned function is called. */
  produceAtRate(run: ProduceRun, recordsPerSecond: number): () => Promise<void> {
    const parameters = producerParameters(run, recordsPerSecond);
    const child = spawn("java", this.#parameters("ProducerPerformance", parameters), {
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    return async () => {
      child.kill("SIGKILL");
      await ended;
    };
  }

  /** Reads so many records from the start. */
  async consume(bootstrap: string, topic: string, records: number): Promise<ClientRun> {
    const server = ["--bootstrap-server", bootstrap, "--hide-header"];
    const what = ["--topic", topic, "--num-records", `${records}`, "--timeout", "60000"];
    const { output, client } = await this.#run("ConsumerPerformance", [...server, ...what]);
    // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
    const fields = output.trim().split("\n").at(-1)?.split(", ") ?? [];
    if (Number(fields[4]) >= records) return { ...client, recordsPerSecond: Number(fields[9]) };
    throw new Error(`the consumer's tool said:\n${output}`);
  }

  /** One record after the other from a producer to a consumer: percentiles of the time between, in ms. */
  async latency(bootstrap: string, topic: string, records: number): Promise<Latency> {
    const what = ["--bootstrap-server", bootstrap, "--topic", topic, "--num-records", `${records}`];
    const how = ["--producer-acks", "all", "--record-size", "100"];
    const { output } = await this.#run("EndToEndLatency", [...what, ...how]);
    const [, p50, p99, p999] = /50th = (\d+), 99th = (\d+), 99.9th = (\d+)/.exec(output) ?? [];
    if (p999 !== undefined) return { p50: Number(p50), p99: Number(p99), p999: Number(p999) };
    throw new Error(`the latency tool said:\n${output}`);
  }

  #parameters(program: string, parameters: readonly string[]): readonly string[] {
    return ["-Xmx512m", "-cp", this.#classPath, `org.apache.kafka.tools.${program}`, ...parameters];
  }

  /** What the program printed, and how busy it was. */
  async #run(program: string, parameters: readonly string[]) {
    const { stdout } = await execute(
      "java",
      this.#parameters("WithCpu", [program, ...parameters]),
      {
        maxBuffer: outputMaxBytes,
      },
    );
    const [line, cpuSeconds, wallSeconds] =
      /\{"cpuSeconds":([\d.]+),"wallSeconds":([\d.]+)\}/.exec(stdout) ?? [];
    if (line === undefined) throw new Error(`${program} said:\n${stdout}`);
    const client = { cpuSeconds: Number(cpuSeconds), wallSeconds: Number(wallSeconds) };
    return { output: stdout.replace(line, ""), client };
  }
}

/** A run of a client: its rate, and its processor time and duration without the start of Java. */
export interface ClientRun {
  readonly recordsPerSecond: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

export interface ProduceRun {
  readonly bootstrap: string;
  readonly topic: string;
  readonly producers: number;
  /** Of all producers together. */
  readonly records: number;
  /** Bytes. */
  readonly recordSize: number;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

function producerParameters(run: ProduceRun, recordsPerSecond: number): readonly string[] {
  const { bootstrap, topic, producers, records, recordSize } = run;
  const each = Math.ceil(records / producers);
  const what = ["--bootstrap-server", bootstrap, "--topic", topic, "--num-records", `${each}`];
  const pace = ["--record-size", `${recordSize}`, "--throughput", `${recordsPerSecond}`];
  return [...what, ...pace, "--command-property", "acks=all", "--reporting-interval", "60000"];
}
