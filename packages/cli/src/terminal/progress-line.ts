/** The part of a stream of the process that is needed to draw on it. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far a piece of work is. */
export interface Progress {
  readonly label: string;
  readonly done: number;
  /** Undefined: nobody knows. */
  readonly total?: number;
  /** Behind the numbers, such as `lines`. */
  readonly unit?: string;
}

const barWidth = 24;
const intervalMsMin = 80;

/**
 * One line at the bottom of a terminal that tells how far long work is, drawn over itself. Where the output is no terminal
 * nothing is written.
 *
 * @example
 * const line = new ProgressLine(process.stderr, () => performance.now());
 * line.show({ label: "loading", done: 20, total: 80, unit: "lines" });
 * line.clear();
 */
export class ProgressLine {
  readonly #output: ProgressOutput;
  readonly #nowMs: () => number;
  #isShown = false;
  #lastMs = -Infinity;

  constructor(output: ProgressOutput, nowMs: () => number) {
    this.#output = output;
    this.#nowMs = nowMs;
  }

  get isVisible(): boolean {
    return this.#output.isTTY === true;
  }

  /** Draws anew, at most a dozen times a second; the end is always drawn. */
  show(progress: Progress): void {
    if (!this.isVisible) return;
    const nowMs = this.#nowMs();
    const isDone = progress.done === progress.total;
    if (nowMs - this.#lastMs < intervalMsMin && !isDone) return;
    this.#lastMs = nowMs;
    this.#isShown = true;
    const text = progressText(progress).slice(0, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r${text}\u001B[K`);
  }

  /** Takes the line away, before something else is written. */
  clear(): void {
    if (this.#isShown) this.#output.write("\r\u001B[K");
    this.#isShown = false;
    this.#lastMs = -Infinity;
  }
}

/** `loading  [########----------------]  33 %  2,000 of 6,000 lines` */
export function progressText({ label, done, total, unit = "" }: Progress): string {
  const shownUnit = unit === "" ? "" : ` ${unit}`;
  if (total === undefined || total <= 0) return `${label}  ${grouped(done)}${shownUnit}`;
  const part = Math.min(1, Math.max(0, done / total));
  const filled = Math.round(part * barWidth);
  const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
  const percent = String(Math.floor(part * 100)).padStart(3);
  return `${label}  ${bar} ${percent} %  ${grouped(done)} of ${grouped(total)}${shownUnit}`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
