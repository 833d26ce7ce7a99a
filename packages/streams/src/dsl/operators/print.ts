import { toHex, type Windowed } from "@millrace/model";

import { requireSynchronous, requireValue } from "../../processor/callback-result.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

/** How records are printed (Kafka: `Printed`). */
export interface PrintOptions<K = unknown, V = unknown> extends NamedOptions {
  /** Stands before each line. Default: the name of the node that the stream comes from. */
  readonly label?: string;
  /** What is printed of a record. Default: key and value; what is no text or number as JSON, bytes in hex. */
  readonly mapper?: (value: V, key: K) => string;
}

/** `KStream.print`. */
export function print(
  input: StreamNode,
  write: (line: string) => void,
  { name, label = input.plan.name, mapper = keyAndValue }: PrintOptions = {},
): void {
  statelessOperator(input, {
    prefix: "KSTREAM-PRINTER-",
    name,
    process: ({ value, key }) => {
      const text = requireValue(mapper(value, key), "print's mapper");
      requireSynchronous(write(`[${label}]: ${text}`), "print");
    },
  });
}

function keyAndValue(value: unknown, key: unknown): string {
  return `${printed(key)}, ${printed(value)}`;
}

function printed(given: unknown): string {
  if (typeof given !== "object" || given === null) return String(given);
  if (given instanceof Uint8Array) return toHex(given);
  if (isWindowed(given)) return `[${printed(given.key)}@${given.window.start}/${given.window.end}]`;
  return JSON.stringify(given, (_name, part: unknown) =>
    typeof part === "bigint" ? String(part) : part,
  );
}

function isWindowed(given: object): given is Windowed<unknown> {
  return "key" in given && "window" in given && typeof given.window === "object";
}
