import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { CoreTime } from "./core-time.ts";

/** These do not end by themselves, which is when Node writes what it has compiled. */
const keepCompiled = new URL("keep-compiled.ts", import.meta.url).href;

/**
 * What runs the programs: this Node; by `MILLRACE_RUNTIME`, Bun or Deno, whose path it is. What Node has compiled is kept:
 * what is published needs no compiling at each start either.
 */
function commandOf(parameters: readonly string[]): readonly [string, readonly string[]] {
  const runtime = process.env["MILLRACE_RUNTIME"];
  if (runtime === undefined) return [process.execPath, ["--import", keepCompiled, ...parameters]];
  const flags = runtime.endsWith("deno") ? ["run", "-A", "--no-check"] : ["run"];
  return [runtime, [...flags, ...parameters]];
}

/** A program that prints lines, and may be killed without warning. */
export class KillableProcess {
  readonly startedMs = Date.now();
  readonly #child: ChildProcess;
  readonly #coreTime: CoreTime;
  readonly #exit: Promise<number | null>;
  readonly #lines: string[] = [];
  #errors = "";
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(parameters: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [command, all] = commandOf(parameters);
    const child = spawn(command, all, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#coreTime = new CoreTime(child.pid);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-8_000);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#exit = once(child, "close").then(([code]: (number | null)[]) => {
      this.#isEnded = true;
      this.#coreTime.stop();
      this.#wake();
      return code;
    });
  }

  /** What it has printed to standard error, the last of it. */
  get errors(): string {
    return this.#errors;
  }

  /** How long it took until then, without what other programs had the cores for. */
  ownMsUntil(atMs: number): number {
    return this.#coreTime.ownMsUntil(atMs);
  }

  /** All lines so far; taking them empties the list. */
  takeLines(): readonly string[] {
    return this.#lines.splice(0);
  }

  /** The next line; undefined once the process has ended. */
  async nextLine(waitMsMax: number): Promise<string | undefined> {
    const deadlineMs = Date.now() + waitMsMax;
    while (this.#lines.length === 0 && !this.#isEnded) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) throw new Error(`nothing was printed in ${waitMsMax} ms\n${this.#errors}`);
      await this.#change(leftMs);
    }
    return this.#lines.shift();
  }

  /** `kill -9` after so long, unless it ends by itself before. Resolves when it is gone. */
  async killAfter(delayMs: number): Promise<"killed" | "ended"> {
    const deadlineMs = Date.now() + delayMs;
    for (let leftMs = delayMs; leftMs > 0 && !this.#isEnded; leftMs = deadlineMs - Date.now()) {
      await this.#change(leftMs);
    }
    this.#child.kill("SIGKILL");
    await this.#exit;
    return this.#child.signalCode === "SIGKILL" ? "killed" : "ended";
  }

  /** Stops the process where it is, as a machine that stalls would, and lets it go on after so long. */
  async pauseFor(durationMs: number): Promise<void> {
    this.stop();
    try {
      await this.#change(durationMs);
    } finally {
      this.goOn();
    }
  }

  /** Stops the process where it is, until `goOn`. */
  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** Asks it to end. Resolves with the exit code. */
  endBy(signal: "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exit;
  }

  /** The exit code, once it ends by itself. */
  get exited(): Promise<number | null> {
    return this.#exit;
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
