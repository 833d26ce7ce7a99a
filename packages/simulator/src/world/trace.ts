/** Lines kept for looking at a failing seed. */
const linesDefault = 2_000;

/** Bytes hashed whole; of longer ones as many are sampled. */
const hashedBytesMax = 256;

interface TraceEntry {
  timeMs: number;
  kind: string;
  process: string;
  length: number;
  hash: number;
  detail: string;
}

/**
 * Folds all that happens into one hash, and keeps the last entries. Two runs of a seed that give the same hash
 * have done the same things at the same times.
 */
export class Trace {
  readonly #ring: TraceEntry[] = [];
  readonly #linesMax: number;
  readonly #words = new Map<string, number>();
  readonly #number = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#number.buffer);
  #count = 0;
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  constructor(linesMax = linesDefault) {
    this.#linesMax = linesMax;
  }

  get count(): number {
    return this.#count;
  }

  record(timeMs: number, kind: string, process: string, detail = ""): void {
    this.#add(timeMs, kind, process, detail);
  }

  recordBytes(timeMs: number, kind: string, process: string, bytes: Uint8Array): void {
    const entry = this.#add(timeMs, kind, process, "");
    entry.length = bytes.length;
    entry.hash = hashBytes(bytes);
    this.#fold(bytes.length);
    this.#fold(entry.hash);
  }

  hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** The last entries, oldest first. */
  lines(): string[] {
    const start = Math.max(0, this.#count - this.#linesMax);
    const lines: string[] = [];
    for (let index = start; index < this.#count; index++) {
      const { timeMs, kind, process, length, hash, detail } = this.#ring[index % this.#linesMax];
      const bytes = length < 0 ? "" : ` ${length} bytes #${hex(hash)}`;
      lines.push(`${timeMs.toFixed(3)} ${process} ${kind}${bytes}${detail && ` ${detail}`}`);
    }
    return lines;
  }

  #add(timeMs: number, kind: string, process: string, detail: string): TraceEntry {
    const index = this.#count++ % this.#linesMax;
    let entry = this.#ring[index];
    if (entry === undefined) {
      entry = { timeMs, kind, process, length: -1, hash: 0, detail };
      this.#ring[index] = entry;
    } else {
      entry.timeMs = timeMs;
      entry.kind = kind;
      entry.process = process;
      entry.length = -1;
      entry.detail = detail;
    }
    this.#number[0] = timeMs;
    this.#fold(this.#halves[0]);
    this.#fold(this.#halves[1]);
    this.#fold(this.#wordHash(kind) ^ Math.imul(this.#wordHash(process), 31));
    if (detail !== "") this.#fold(hashText(detail));
    return entry;
  }

  #wordHash(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const hash = hashText(word);
    this.#words.set(word, hash);
    return hash;
  }

  #fold(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193);
    this.#high ^= this.#high >>> 15;
    this.#low = Math.imul((this.#low << 5) ^ (this.#low >>> 27) ^ word, 0x85ebca6b);
    this.#low ^= this.#low >>> 13;
  }
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  const stride = Math.max(1, Math.floor(bytes.length / hashedBytesMax));
  for (let index = 0; index < bytes.length; index += stride)
    hash = Math.imul(hash ^ bytes[index], 0x01000193);
  return hash;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
