import { getHeapSpaceStatistics } from "node:v8";

/** What V8 keeps apart: machine code, and bytecode with what goes with either. */
const codeSpaces = /^(code|trusted)_(large_object_)?space$/;

/** In bytes. */
export interface HeapParts {
  /** What is in the heap, without `code`. */
  readonly objects: number;
  /**
   * What the engine has compiled: as much as the program has functions, in the end, but only what has run often is
   * optimized, so that a program with little to do goes on with it for an hour.
   */
  readonly code: number;
}

export function heapParts(): HeapParts {
  let [objects, code] = [0, 0];
  for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics()) {
    if (codeSpaces.test(name)) code += used;
    else objects += used;
  }
  return { objects, code };
}
