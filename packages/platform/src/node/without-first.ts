/** What is left of the parts once their first bytes are written. */
export function withoutFirst(parts: readonly Uint8Array[], byteCount: number): Uint8Array[] {
  let skipped = 0;
  let index = 0;
  while (index < parts.length && skipped + parts[index].length <= byteCount)
    skipped += parts[index++].length;
  const rest = parts.slice(index);
  if (rest.length > 0 && skipped < byteCount) rest[0] = rest[0].subarray(byteCount - skipped);
  return rest;
}
