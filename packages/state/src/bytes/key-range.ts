/** The least key that sorts after all keys which begin with the prefix; undefined: there is none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  const next = prefix.slice(0, length);
  next[length - 1]++;
  return next;
}

/** The least key that sorts after this one: makes an inclusive bound exclusive. */
export function afterKey(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** Arrays up to here lie in the heap; a view of one moves it out of there, which costs several times a copy. */
const inHeapBytesMax = 64;

/** A part of bytes, to be read only: a view, or a copy where that costs less. */
export function partOf(bytes: Uint8Array, start: number, end = bytes.length): Uint8Array {
  if (bytes.length > inHeapBytesMax) return bytes.subarray(start, end);
  const part = new Uint8Array(end - start);
  for (let index = 0; index < part.length; index++) part[index] = bytes[start + index];
  return part;
}

/** A plain copy, also of a Node `Buffer`, whose `slice` would share its memory. */
export function copyBytes(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}
