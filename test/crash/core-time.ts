import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const sampleMs = 25;

export interface ThreadTimes {
  /** So long on a core, and so long ready to run without one, since the thread began. */
  readonly ranMs: number;
  readonly waitedMs: number;
}

/** Of a thread, from its `schedstat`. */
export function threadTimes(folder: string): ThreadTimes {
  const [ranNs, waitedNs] = readFileSync(join(folder, "schedstat"), "utf8").split(" ").map(Number);
  return { ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 };
}

/**
 * How much of a process's time is its own, on a machine that others use: all but the moments in which some thread of it
 * was ready to run, other programs had the cores, and no thread of it ran. What it computes counts in full, and so does
 * what it sleeps through: waits for a timer, a lock, a disk or an answer.
 *
 * ```
 *  sample ──────── 25 ms ────────> sample      own time: at least what its threads ran together,
 *     main:   ran 4, waited 9                  else what none of them waited for a core
 *     broker: ran 6, waited 10                 here: max(10, 25 - 19) = 10 ms
 * ```
 */
export class CoreTime {
  readonly #tasks: string;
  readonly #startMs = Date.now();
  readonly #timer: NodeJS.Timeout;
  #threads: ReadonlyMap<string, ThreadTimes> = new Map();
  readonly #samples: { readonly atMs: number; readonly ownMs: number }[] = [];

  constructor(processId: number | undefined) {
    this.#tasks = `/proc/${processId}/task`;
    this.#samples.push({ atMs: this.#startMs, ownMs: 0 });
    this.#timer = setInterval(() => this.#sample(), sampleMs);
  }

  /** The own time from the start until a moment that is over. */
  ownMsUntil(atMs: number): number {
    this.#sample();
    const next = this.#samples.findIndex((sample) => sample.atMs >= atMs);
    const [from, to] = [this.#samples[next - 1], this.#samples[next]];
    // Within a sample nobody knows: at most all that is left of it.
    return Math.round(Math.min(to.ownMs, from.ownMs + (atMs - from.atMs)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const atMs = Date.now();
    const last = this.#samples[this.#samples.length - 1];
    const passedMs = atMs - last.atMs;
    if (passedMs <= 0) return;
    const threads = this.#read();
    let ranMs = 0;
    let waitedMs = 0;
    for (const [thread, times] of threads) {
      const before = this.#threads.get(thread) ?? { ranMs: 0, waitedMs: 0 };
      ranMs += times.ranMs - before.ranMs;
      waitedMs += times.waitedMs - before.waitedMs;
    }
    this.#threads = threads;
    const ownMs = Math.max(Math.min(ranMs, passedMs), passedMs - waitedMs);
    this.#samples.push({ atMs, ownMs: last.ownMs + ownMs });
  }

  /** Nothing where the system does not tell: all time is the process's own then. */
  #read(): ReadonlyMap<string, ThreadTimes> {
    try {
      const threads = readdirSync(this.#tasks);
      return new Map(threads.map((thread) => [thread, threadTimes(join(this.#tasks, thread))]));
    } catch {
      return new Map(); // not Linux, or it is gone, or a thread of it
    }
  }
}
