import { messageOf } from "@millrace/model";

const stepsMax = 100;
const linesMax = 1000;

interface Step {
  readonly number: number;
  readonly title: string;
  readonly lines: string[];
  omitted: number;
}

/** What happened in each call of a driver, as text: the last hundred calls, a thousand lines of each. */
export class ExplainedRun {
  readonly #steps: Step[] = [];
  #count = 0;
  #depth = 0;

  begin(title: string): void {
    this.#count += 1;
    this.#depth = 0;
    this.#steps.push({ number: this.#count, title, lines: [], omitted: 0 });
    if (this.#steps.length > stepsMax) this.#steps.shift();
  }

  note(line: string): void {
    const step = this.#steps.at(-1);
    if (step === undefined) return;
    if (step.lines.length < linesMax) step.lines.push(`${"  ".repeat(this.#depth + 1)}${line}`);
    else step.omitted += 1;
  }

  /** What the body notes stands below. */
  within(body: () => void): void {
    this.#depth += 1;
    try {
      body();
    } finally {
      this.#depth -= 1;
    }
  }

  /** True: nothing is under way above. */
  get isAtTop(): boolean {
    return this.#depth === 0;
  }

  fail(thrown: unknown): void {
    this.#depth = 0;
    this.note(`failed: ${messageOf(thrown)}`);
  }

  text(count: number): string {
    return this.#steps
      .slice(-count)
      .map(({ number, title, lines, omitted }) =>
        [
          `${number}. ${title}`,
          ...(lines.length === 0 ? ["  nothing came of it"] : lines),
          ...(omitted === 0 ? [] : [`  … and ${omitted} lines more`]),
        ].join("\n"),
      )
      .join("\n");
  }
}
