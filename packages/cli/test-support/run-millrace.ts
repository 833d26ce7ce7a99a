import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import { runCommand } from "../src/run-command.ts";
import type { Surroundings } from "../src/terminal/surroundings.ts";
import { ProgressLine } from "../src/terminal/progress-line.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Ended {
  /** The signal's name where one ended it. */
  readonly code: number | string | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits for what the pattern finds on standard output or standard error. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The command as a process. */
export function spawnMillrace(...parameters: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...parameters]);
  let out = "";
  let err = "";
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const one of waiting) one();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    wake();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    wake();
  });
  child.stdin.on("error", () => {}); // it may have ended before it was told all
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      wake();
      resolve({ code: signal ?? code, out, err });
    });
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(out) ?? pattern.exec(err);
        if (found !== null) resolve(found);
        else if (child.exitCode !== null) reject(new Error(`it ended without it: ${out}${err}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return { child, ended, said };
}

/** Runs a process to its end, with a text or bytes as its input. */
export function millraceProcess(
  input: string | Uint8Array,
  ...parameters: readonly string[]
): Promise<Ended> {
  const { child, ended } = spawnMillrace(...parameters);
  child.stdin?.end(input);
  return ended;
}

export interface InProcess {
  readonly lines?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told what is drawn on the terminal; without, there is none. */
  readonly onDraw?: (text: string) => void;
  /** Told after each line of output. */
  readonly onPrint?: (line: string) => void;
  readonly surroundings?: Surroundings;
}

/** The same command inside this process, which is quicker. */
export async function millrace(
  parameters: readonly string[],
  {
    lines = [],
    signal = new AbortController().signal,
    onDraw,
    onPrint,
    surroundings,
  }: InProcess = {},
): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(
    parameters,
    {
      lines: async function* () {
        yield* lines;
      },
      print: (line) => {
        out.push(line);
        onPrint?.(line);
      },
      signal,
      progress: new ProgressLine(
        { isTTY: onDraw !== undefined, write: (text) => onDraw?.(text) },
        () => 0,
      ),
      ...(surroundings === undefined ? {} : { surroundings }),
    },
    (line) => err.push(line),
  );
  return { code, out: textOf(out), err: textOf(err) };
}

export interface RunningInside {
  /** What it printed first. */
  readonly told: Promise<string>;
  /** Ends it as a signal does. */
  end(): Promise<Ended>;
}

/** A command that runs until it is ended, inside this process. */
export function startMillrace(...parameters: readonly string[]): RunningInside {
  const stop = new AbortController();
  const { promise: told, resolve, reject } = Promise.withResolvers<string>();
  told.catch(() => {}); // where nobody waits for it
  const ended = millrace(parameters, { signal: stop.signal, onPrint: resolve });
  void ended.then(({ code, err }) => reject(new Error(`it ended with ${code}: ${err}`)));
  return {
    told,
    end: () => {
      stop.abort();
      return ended;
    },
  };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
