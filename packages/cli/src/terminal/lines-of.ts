import { CommandError } from "../command-error.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;
/** Longer ones are no texts in Node, and no record has so many bytes. */
const lineMiBMax = 256;

/**
 * The lines of an input of bytes. A line ends at a newline, or a carriage return and a newline, and nowhere else:
 * Node's `readline` also ends one at U+2028, which JSON may hold.
 *
 * @throws CommandError: a line that is no UTF-8 would become another text; one that does not end would fill the memory
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let count = 0;
  const textOf = (line: Uint8Array): string => {
    count += 1;
    try {
      return decoder.decode(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line);
    } catch {
      throw new CommandError(
        `line ${count} is no UTF-8; bytes are given as text, with --value hex or --value base64`,
      );
    }
  };
  /** Pieces of the line that has not ended yet. */
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      yield textOf(Buffer.concat([...pieces, chunk.subarray(start, end)]));
      pieces = [];
      pieceBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
    pieceBytes += chunk.length - start;
    if (pieceBytes > lineMiBMax * 1024 * 1024)
      throw new CommandError(
        `line ${count + 1} is longer than ${lineMiBMax} MiB; records are lines of text, each with a newline behind it`,
      );
  }
  if (pieces.length > 0) yield textOf(Buffer.concat(pieces));
}
