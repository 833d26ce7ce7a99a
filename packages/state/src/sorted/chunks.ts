/** Chunks are rebuilt at this length and split at twice of it. */
const chunkLength = 256;

/** A place in chunks of keys. */
export interface ChunkPlace {
  readonly chunk: number;
  readonly index: number;
}

export function sortedChunks(keys: Iterable<string>): string[][] {
  const sorted = [...keys].sort(compareText);
  const chunks: string[][] = [];
  for (let index = 0; index < sorted.length; index += chunkLength)
    chunks.push(sorted.slice(index, index + chunkLength));
  return chunks;
}

/** Inserts keys that the chunks lack. */
export function mergePending(chunks: string[][], pending: Iterable<string>): void {
  for (const key of pending) {
    if (chunks.length === 0) {
      chunks.push([key]);
      continue;
    }
    const at = Math.max(0, lastChunkFrom(chunks, key));
    const chunk = chunks[at];
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length >= 2 * chunkLength) chunks.splice(at + 1, 0, chunk.splice(chunkLength));
  }
}

/** The first key at, or (exclusive) after, `from`. */
export function seekForward(
  chunks: readonly string[][],
  from: string | undefined,
  isInclusive: boolean,
): ChunkPlace {
  if (from === undefined || chunks.length === 0) return { chunk: 0, index: 0 };
  const chunk = Math.max(0, lastChunkFrom(chunks, from));
  let index = lowerBound(chunks[chunk], from);
  if (!isInclusive && chunks[chunk][index] === from) index++;
  return { chunk, index };
}

/** The last key before `to`. */
export function seekBackward(chunks: readonly string[][], to: string | undefined): ChunkPlace {
  if (chunks.length === 0) return { chunk: -1, index: -1 };
  if (to === undefined)
    return { chunk: chunks.length - 1, index: chunks[chunks.length - 1].length - 1 };
  const chunk = lastChunkFrom(chunks, to);
  if (chunk < 0) return { chunk: -1, index: -1 };
  return { chunk, index: lowerBound(chunks[chunk], to) - 1 };
}

/** Index of the last chunk whose first key is not after `key`; -1: none. */
function lastChunkFrom(chunks: readonly string[][], key: string): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunks[middle][0] <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the first key that is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
