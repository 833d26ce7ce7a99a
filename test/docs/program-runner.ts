import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Program {
  readonly file: string;
  readonly cwd: string;
  /** What it is given on its command line. */
  readonly parameters?: readonly string[];
  /** What it may read from its standard input. */
  readonly input?: string;
}

/** What its process tells of a program. */
export interface ToldProgram {
  readonly ended: EndedProgram;
  /** Whether the process can run another one. */
  readonly goesOn: boolean;
}

export interface EndedProgram {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs programs one after the other in a process that loads Millrace once for all of them, which takes longer than most
 * of them. A program that does not end in time, ends the process or throws takes the process with it: the next one has
 * another. The process ends with this one.
 */
export class ProgramRunner {
  readonly #node: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ node = process.execPath, env = process.env } = {}) {
    this.#node = node;
    this.#env = env;
  }

  run(program: Program, timeoutMs: number): Promise<EndedProgram> {
    const ended = this.#last.then(() => this.#runNow(program, timeoutMs));
    this.#last = ended;
    return ended;
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #runNow(program: Program, timeoutMs: number): Promise<EndedProgram> {
    const child = (this.#child ??= this.#start());
    return new Promise((resolve) => {
      const giveUp = (stderr: string): void =>
        done({ ended: { code: 1, stdout: "", stderr }, goesOn: false });
      const onExit = (code: number | null): void => giveUp(`the process ended with ${code}`);
      const timer = setTimeout(() => giveUp(`it did not end in ${timeoutMs} ms`), timeoutMs);
      const done = ({ ended, goesOn }: ToldProgram): void => {
        clearTimeout(timer);
        child.off("exit", onExit).off("message", done);
        if (!goesOn) this.close();
        resolve(ended);
      };
      child.once("exit", onExit).once("message", done);
      child.send(program);
    });
  }

  #start(): ChildProcess {
    const file = fileURLToPath(new URL("program-process.ts", import.meta.url));
    const child = fork(file, {
      execPath: this.#node,
      execArgv: [],
      env: this.#env,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.unref();
    child.channel?.unref();
    return child;
  }
}
