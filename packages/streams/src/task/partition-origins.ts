import type { Offset } from "@millrace/model";

import { sourceTopicOf } from "../processor/unknown-input.ts";
import type { WriteOrigin, WriteSource } from "./write-source.ts";

/** Small, since every partition that is written has one at least. */
const chunkBytes = 1024;
/** Two numbers of up to eight bytes. */
const entryBytesMax = 16;

/**
 * What was noted of some appends of one partition, a byte or two each: a number for the step from the offset before,
 * and, where another source or another input is at work, a number for that.
 */
export class OriginChunk {
  readonly firstIndex: number;
  readonly owner: PartitionOrigins;
  readonly bytes: Uint8Array;
  count = 0;
  size = 0;

  constructor(firstIndex: number, owner: PartitionOrigins, bytes: Uint8Array) {
    this.firstIndex = firstIndex;
    this.owner = owner;
    this.bytes = bytes;
  }
}

/** Of one commit. */
interface Notes {
  readonly chunks: OriginChunk[];
  readonly inputs: Input[];
}

type Input = Pick<WriteOrigin, "source" | "partition"> & { readonly topic: string | null };

/** Which input records the appends of one partition were made for. */
export class PartitionOrigins {
  readonly #onChunk: (chunk: OriginChunk) => void;
  #notes: Notes = { chunks: [], inputs: [] };
  /** Of the commit that is under way. */
  #divided: Notes | undefined;
  #chunk: OriginChunk | undefined;
  /** Of the last chunk that was forgotten: commits may come ten times a second. */
  #spare: Uint8Array | undefined;
  #input = -1;
  #offset: Offset = 0;

  /** @param onChunk told of each chunk that is begun: there may be too many by then */
  constructor(onChunk: (chunk: OriginChunk) => void) {
    this.#onChunk = onChunk;
  }

  /** @param appendIndex the writer's `appendedCount` before the append; each is noted, in order */
  note(appendIndex: number, source: WriteSource): void {
    const { partition, offset } = source.context;
    const topic = sourceTopicOf(source.context);
    let chunk = this.#chunk;
    if (chunk === undefined || chunk.size > chunkBytes - entryBytesMax)
      chunk = this.#begin(appendIndex);
    const input = this.#notes.inputs[this.#input];
    const isSame =
      input !== undefined &&
      input.source === source &&
      input.topic === topic &&
      input.partition === partition;
    const step = offset - this.#offset;
    const code = (step < 0 ? -2 * step - 1 : 2 * step) * 2 + (isSame ? 0 : 1);
    if (code < 128) chunk.bytes[chunk.size++] = code;
    else writeNumber(chunk, code);
    if (!isSame) {
      this.#input = this.#numberOf({ source, topic, partition });
      writeNumber(chunk, this.#input);
    }
    chunk.count += 1;
    this.#offset = offset;
  }

  find(appendIndex: number): WriteOrigin | undefined {
    return find(this.#notes, appendIndex) ?? (this.#divided && find(this.#divided, appendIndex));
  }

  /** What was noted so far is of the commit that begins. */
  divide(): void {
    this.#divided = this.#notes;
    this.#notes = { chunks: [], inputs: [] };
    this.#chunk = undefined;
  }

  /** That commit's are settled. */
  forgetDivided(): void {
    this.#spare ??= this.#divided?.chunks.at(-1)?.bytes;
    this.#divided = undefined;
  }

  /** Its oldest chunk. */
  forgetOldest(): void {
    const oldest = this.#divided?.chunks.shift() ?? this.#notes.chunks.shift();
    if (oldest === this.#chunk) this.#chunk = undefined;
  }

  forget(): void {
    this.divide();
    this.forgetDivided();
  }

  /** A chunk can be read by itself. */
  #begin(firstIndex: number): OriginChunk {
    const chunk = new OriginChunk(firstIndex, this, this.#spare ?? new Uint8Array(chunkBytes));
    this.#spare = undefined;
    this.#chunk = chunk;
    this.#notes.chunks.push(chunk);
    this.#input = -1;
    this.#offset = 0;
    this.#onChunk(chunk);
    return chunk;
  }

  #numberOf(input: Input): number {
    const { source, topic, partition } = input;
    const { inputs } = this.#notes;
    const known = inputs.findIndex(
      (one) => one.source === source && one.topic === topic && one.partition === partition,
    );
    return known < 0 ? inputs.push(input) - 1 : known;
  }
}

function find({ chunks, inputs }: Notes, appendIndex: number): WriteOrigin | undefined {
  const chunk = chunks.findLast(({ firstIndex }) => firstIndex <= appendIndex);
  if (chunk === undefined || appendIndex >= chunk.firstIndex + chunk.count) return undefined;
  const reading = { bytes: chunk.bytes, position: 0 };
  let offset = 0;
  let input = 0;
  for (let index = chunk.firstIndex; index <= appendIndex; index++) {
    const code = readNumber(reading);
    const step = Math.floor(code / 2);
    offset += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
    if (code % 2 === 1) input = readNumber(reading);
  }
  const { source, topic, partition } = inputs[input];
  return { source, topic: topic ?? "", partition, offset };
}

/** Seven bits a byte, the lowest first; bit operations end at 32. */
function writeNumber(chunk: OriginChunk, number: number): void {
  let rest = number;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128))
    chunk.bytes[chunk.size++] = (rest % 128) | 128;
  for (; rest >= 128; rest >>>= 7) chunk.bytes[chunk.size++] = (rest & 127) | 128;
  chunk.bytes[chunk.size++] = rest;
}

function readNumber(reading: { readonly bytes: Uint8Array; position: number }): number {
  let number = 0;
  let factor = 1;
  for (;;) {
    const byte = reading.bytes[reading.position++];
    number += (byte % 128) * factor;
    if (byte < 128) return number;
    factor *= 128;
  }
}
