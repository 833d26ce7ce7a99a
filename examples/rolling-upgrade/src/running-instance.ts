import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface InstancePlace {
  readonly bootstrapServers: string;
  readonly stateDirectory: string;
  /** See `instance.ts`. */
  readonly options?: object;
}

/** An instance in a process of its own. */
export class RunningInstance {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, "close").then(([code]: (number | null)[]) => code);
  }

  /** Resolves once it has its tasks. */
  static async start(version: string, place: InstancePlace): Promise<RunningInstance> {
    const { bootstrapServers, stateDirectory, options = {} } = place;
    const program = join(import.meta.dirname, "instance.ts");
    const words = [program, version, bootstrapServers, stateDirectory, JSON.stringify(options)];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    const instance = new RunningInstance(child);
    const ended = instance.#exit.then((code) => {
      throw new Error(`an instance of ${version} has ended with ${code}`);
    });
    await Promise.race([once(child.stdout, "data"), ended]);
    ended.catch(() => {}); // later it is a matter of who stops it
    return instance;
  }

  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#exit;
  }
}
