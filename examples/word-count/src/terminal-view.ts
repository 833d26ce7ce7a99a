import { progressText } from "@millrace/cli";

import { sortedRows, type Facts, type View, type WordTable } from "./view.ts";

const wordsShownMax = 10;
const barWidth = 30;
const drawIntervalMs = 100;
const noTable: WordTable = { counts: new Map(), wordsCounted: 0 };

/** The part of standard output that is drawn on. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** What runs, how far it is, and the commonest words, drawn anew as they change. */
export class TerminalView implements View {
  readonly #screen: Screen;
  #facts: Facts | undefined;
  #linesLoaded = 0;
  #table = noTable;
  #linesDrawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    screen.write("starting a broker and an application …\n");
    this.#linesDrawn = 1;
  }

  started(facts: Facts): void {
    this.#facts = facts;
    this.#draw();
  }

  loaded(lines: number): void {
    this.#linesLoaded = lines;
    this.#drawSoon();
  }

  counted(_change: unknown, table: WordTable): void {
    this.#table = table;
    this.#drawSoon();
  }

  finished(table: WordTable): void {
    this.close();
    this.#screen.write("\n");
    for (const [word, count] of sortedRows(table)) this.#screen.write(`${word} ${count}\n`);
  }

  close(): void {
    if (this.#timer !== undefined) this.#draw();
  }

  #drawSoon(): void {
    this.#timer ??= setTimeout(() => this.#draw(), drawIntervalMs);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#facts === undefined) return;
    const { columns } = this.#screen;
    const lines = this.#frame(this.#facts, this.#screen);
    const up = this.#linesDrawn === 0 ? "" : `\u001B[${this.#linesDrawn}A`;
    this.#screen.write(`${up}\r\u001B[J${lines.join("\n")}\n`);
    // Long lines go on in the next row, so that a command can be copied whole.
    this.#linesDrawn = lines.reduce((sum, line) => sum + rowsOf(line, columns), 0);
  }

  #frame(facts: Facts, { columns, rows }: Screen): readonly string[] {
    const { linesInAll, wordsInAll } = facts;
    const { counts, wordsCounted } = this.#table;
    const isDone = wordsCounted >= wordsInAll;
    const above = [
      "",
      `Counting the words of the Markdown files in ${facts.textFolder}`,
      "",
      `  broker  ${facts.bootstrapServers}, a thread of this process`,
      `  topics  ${facts.topics.join(", ")}`,
      `  state   ${facts.stateFolder}`,
      "",
      `  ${progressText({ label: "loading ", done: this.#linesLoaded, total: linesInAll, unit: "lines" })}`,
      `  ${progressText({ label: "counting", done: Math.min(wordsCounted, wordsInAll), total: wordsInAll, unit: "words" })}`,
      "",
    ];
    const below = isDone
      ? nextSteps(facts)
      : ["", "Ctrl-C ends it; the next run goes on from there."];
    const around = [...above, ...below].reduce((sum, line) => sum + rowsOf(line, columns), 0);
    const room = Math.min(wordsShownMax, Math.max(1, rows - 1 - around));
    return [...above, ...topWords(counts, room), ...below];
  }
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.length / columns));
}

function topWords(counts: ReadonlyMap<string, number>, shown: number): readonly string[] {
  const top = [...counts].sort(([, left], [, right]) => right - left).slice(0, shown);
  const most = top.at(0)?.[1] ?? 1;
  const width = Math.max(...top.map(([word]) => word.length), 1);
  const lines = top.map(([word, count]) => {
    const bar = "▇".repeat(Math.max(1, Math.round((barWidth * count) / most)));
    return `  ${word.padEnd(width)}  ${String(count).padStart(String(most).length)}  ${bar}`;
  });
  return [...lines, ...Array.from({ length: shown - lines.length }, () => "")];
}

function nextSteps({ bootstrapServers }: Facts): readonly string[] {
  const millrace = "npm run -s millrace --";
  const where = `--bootstrap-server ${bootstrapServers}`;
  return [
    "",
    "All is counted. Ctrl-C ends it; the next run goes on from there. Try next, in another terminal:",
    `  echo 'the wheel turns' | ${millrace} produce lines ${where}`,
    `  ${millrace} consume word-counts --keys --value int64 ${where}`,
    `  ${millrace} groups describe word-count ${where}`,
    "and read docs/getting-started.md",
  ];
}
