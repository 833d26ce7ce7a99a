import type { EngineEntry } from "../contract/store-engine.ts";

/** The lengths of key and value of a row. */
const lengthsBytes = 8;

/**
 * The rows of a block, as a `RowBlock` has written them: views of it. Undefined: it is none, whatever its checksum says.
 */
export function rowsOf(block: Uint8Array, rows: number): Iterable<EngineEntry> | undefined {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let position = 0;
  for (let row = 0; row < rows; row++) {
    const end = endOfRow(view, position);
    if (end === undefined) return undefined;
    position = end;
  }
  return position === block.length ? walk(block, view) : undefined;
}

function* walk(block: Uint8Array, view: DataView): Generator<EngineEntry> {
  for (let position = 0; position < block.length;) {
    const keyEnd = position + 4 + view.getInt32(position);
    const valueEnd = keyEnd + 4 + view.getInt32(keyEnd);
    yield {
      key: block.subarray(position + 4, keyEnd),
      value: block.subarray(keyEnd + 4, valueEnd),
    };
    position = valueEnd;
  }
}

/** Undefined: it leaves the block. */
function endOfRow(view: DataView, position: number): number | undefined {
  if (position + lengthsBytes > view.byteLength) return undefined;
  const keyLength = view.getInt32(position);
  if (keyLength < 0 || keyLength > view.byteLength - position - lengthsBytes) return undefined;
  const valueLength = view.getInt32(position + 4 + keyLength);
  const end = position + lengthsBytes + keyLength + valueLength;
  return valueLength < 0 || end > view.byteLength ? undefined : end;
}
