import { play, type Bar, type Picture, type PictureRow } from "./picture.ts";

/** Spaces between the time and what is told beside it. */
const gap = 3;

/**
 * Time runs to the right, in the order of the records' times; down run the records as they come. A record is the first
 * letter of its key; `:` is stream time, where a record is behind it.
 */
export function draw<K, V>(picture: Picture<K, V>): string {
  const { rows, bars } = play(picture);
  const { unit, ticks, scale = 1 } = picture;
  const prefixes = rows.map(prefixOf);
  const left = Math.max(unit.name.length, ...prefixes.map(({ length }) => length)) + gap;
  const width = left + ticks.to * scale + 1;
  const column = (at: number): number => left + Math.round(at * scale);
  const lines = [
    scaleLine(unit.name, ticks, column),
    place("", tickColumns(ticks, column, "|")),
    ...rows.map((row, index) => {
      const marks = new Map([[column(row.streamTime), ":"]]).set(column(row.at), row.key[0]);
      const line = place(prefixes[index], marks);
      const told = [...row.results, ...(row.isDropped ? ["dropped: too late"] : [])].join(", ");
      return told === "" ? line : `${line.padEnd(width + gap)}${told}`;
    }),
  ];
  const drawn = bars
    .toSorted((one, other) => one.start - other.start || one.end - other.end)
    .map((bar) => barLine(bar, (ms) => Math.min(column(ms / unit.ms), width - 1), width + gap));
  return [...lines, ...(drawn.length > 0 ? ["", ...drawn] : [])]
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function prefixOf({ topic, value }: PictureRow): string {
  return [topic, value].filter((part) => part !== undefined && part !== "").join(" ");
}

function scaleLine(name: string, ticks: Picture["ticks"], column: (at: number) => number): string {
  let line = name;
  for (const at of ticksOf(ticks)) line = line.padEnd(column(at)) + String(at);
  return line;
}

function tickColumns(
  ticks: Picture["ticks"],
  column: (at: number) => number,
  mark: string,
): ReadonlyMap<number, string> {
  return new Map(ticksOf(ticks).map((at) => [column(at), mark]));
}

function ticksOf({ every, to }: Picture["ticks"]): readonly number[] {
  return Array.from({ length: Math.floor(to / every) + 1 }, (_, index) => index * every);
}

/** `>` where it goes on beyond the picture. */
function barLine(
  { start, end, isEndInclusive, closes = end, label }: Bar,
  column: (ms: number) => number,
  labelColumn: number,
): string {
  const [from, to] = [column(start), column(end)];
  const isCut = to === column(Infinity);
  const length = isEndInclusive || isCut ? to - from + 1 : to - from;
  const last = isCut ? ">" : isEndInclusive ? "]" : ")";
  const bar = length < 2 ? "I" : `[${"=".repeat(length - 2)}${last}`;
  const grace = "~".repeat(Math.max(0, column(closes) - from - bar.length));
  return `${" ".repeat(from)}${bar}${grace}`.padEnd(labelColumn) + label;
}

function place(prefix: string, marks: ReadonlyMap<number, string>): string {
  let line = prefix;
  for (const [column, mark] of [...marks].sort(([one], [other]) => one - other))
    line = line.padEnd(column) + mark;
  return line;
}
