import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { conformanceFolder, oracleFolder } from "../oracle.ts";
import type { Program } from "../program.ts";

const textMax = 8_000;
/** How often is looked what it has told. */
const lookMs = 10;

/** A process that runs programs as applications, until it is asked to end, or killed. */
export class ApplicationProcess implements AsyncDisposable {
  /** The states that it has told. */
  readonly states: string[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #errors = "";
  #isAsked = false;
  readonly #failed = new AbortController();

  constructor(child: ChildProcess, input: string) {
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-textMax);
    });
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.states.push(line));
    child.stdin?.on("error", () => {}); // it has ended: told by its exit
    child.stdin?.end(input);
    this.#exit = once(child, "close").then(([code]: (number | null)[]) => {
      if (!this.#isAsked)
        this.#failed.abort(new Error(`ended by itself, ${code}: ${this.#errors}`));
      return code;
    });
  }

  /** Aborts when it ends without being asked to. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Resolves once it has told a state. */
  async reached(state: string, signal: AbortSignal): Promise<void> {
    while (!this.states.includes(state)) await sleep(lookMs, undefined, { signal });
  }

  get errors(): string {
    return this.#errors;
  }

  get exited(): Promise<number | null> {
    return this.#exit;
  }

  /** SIGTERM: the clean end. Gives the exit code. */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it where it is, as a machine that stalls would, until `resume`. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.#isAsked = true;
    this.#child.kill(signal);
    return this.#exit;
  }
}

/** Parameters that both kinds of application take. */
export interface Place {
  readonly bootstrap: string;
  readonly state: string;
  /** More of them, such as `--set`. */
  readonly parameters?: readonly string[];
}

function parametersOf({ bootstrap, state, parameters = [] }: Place): readonly string[] {
  return ["--bootstrap", bootstrap, "--state", state, ...parameters];
}

/** One program, as an application of ours. */
export function startMillrace(program: Program, place: Place): ApplicationProcess {
  const main = join(conformanceFolder, "main.ts");
  const child = spawn(process.execPath, [main, "--application", ...parametersOf(place)]);
  return new ApplicationProcess(child, JSON.stringify(program));
}

/** Programs, each as an application of ours, in one process. */
export function startManyMillrace(programs: readonly Program[], place: Place): ApplicationProcess {
  const main = join(conformanceFolder, "application", "many-applications.ts");
  const child = spawn(process.execPath, [main, ...parametersOf(place)]);
  return new ApplicationProcess(child, linesOf(programs));
}

/** Programs, each as a real application of Kafka Streams, in one process. */
export function startJava(programs: readonly Program[], place: Place): ApplicationProcess {
  const env = {
    ...process.env,
    ORACLE_MAIN: join(conformanceFolder, "application", "ManyApplications.java"),
    ORACLE_OPTS: "-Xmx1g -XX:TieredStopAtLevel=1",
  };
  const child = spawn(join(oracleFolder, "oracle"), parametersOf(place), { env });
  return new ApplicationProcess(child, linesOf(programs));
}

/** One program, as the oracle's own application of Kafka Streams. */
export function startJavaAlone(program: Program, place: Place): ApplicationProcess {
  const child = spawn(join(oracleFolder, "application"), parametersOf(place));
  return new ApplicationProcess(child, JSON.stringify(program));
}

function linesOf(programs: readonly Program[]): string {
  return programs.map((one) => JSON.stringify(one)).join("\n");
}
