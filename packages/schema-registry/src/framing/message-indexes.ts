import { FrameError } from "./frame-error.ts";

/** How deep messages may be nested in a schema. */
const depthMax = 100;

/**
 * Which message of a Protobuf schema a value is, as its path of positions from the outermost one: the number of
 * positions, then each, as zigzag varints. `[0]`, the first message, is the single byte 0.
 */
export function messageIndexes(path: readonly number[]): Uint8Array {
  if (path.length === 1 && path[0] === 0) return Uint8Array.of(0);
  const bytes: number[] = [];
  for (const value of [path.length, ...path]) {
    let rest = value * 2; // zigzag of what is never negative
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

/** The path of the first message. */
const firstMessage: readonly number[] = Object.freeze([0]);

export interface ReadIndexes {
  readonly path: readonly number[];
  /** Where they end. */
  readonly end: number;
}

/**
 * Reads what `messageIndexes` wrote. A reader that sees many records keeps what it found for the bytes, since most
 * have the same.
 *
 * @throws FrameError `FRAME_TRUNCATED`, `FRAME_INVALID`
 */
export function readMessageIndexes(bytes: Uint8Array, at: number): ReadIndexes {
  if (bytes[at] === 0) return { path: firstMessage, end: at + 1 };
  let position = at;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (position >= bytes.length)
        throw new FrameError("FRAME_TRUNCATED", "the bytes end within the message indexes");
      const byte = bytes[position++];
      value += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale > 2 ** 28) throw invalid("a message index of more than five bytes");
    }
    if (value % 2 === 1 || value > 2 ** 32 - 2) throw invalid("a negative message index");
    return value / 2;
  };
  const count = next();
  if (count > depthMax)
    throw invalid(`${count} message indexes; messages are nested at most ${depthMax} deep`);
  const path: number[] = [];
  for (let index = 0; index < count; index++) path.push(next());
  return { path: count === 0 ? firstMessage : path, end: position };
}

function invalid(problem: string): FrameError {
  const hint =
    "@kafkajs/confluent-schema-registry writes none: its Protobuf is read by itself alone";
  return new FrameError("FRAME_INVALID", `${problem}; ${hint}`);
}
