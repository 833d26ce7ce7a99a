/** Into another array, from there on. `set` costs more than the bytes where they are few. */
export function copyBytes(from: Uint8Array, to: Uint8Array, start: number): void {
  const { length } = from;
  if (length > 32) to.set(from, start);
  else for (let index = 0; index < length; index++) to[start + index] = from[index];
}
