import type { LogFields } from "../logger.ts";
import type { Methods } from "./logger-methods.ts";
import { plainError } from "./plain-error.ts";

/**
 * pino and its kin take the fields first, and know an error by the name `err`; winston the message first, and loses what
 * errors are made of; the others, such as `console`, the message first, and show errors well.
 */
export function partsOf(logger: Methods, event: string, fields: LogFields): readonly unknown[] {
  const isWinston = typeof logger["isInfoEnabled"] === "function";
  const hasChildren = typeof logger["child"] === "function";
  if (hasChildren && !isWinston) return [errorAsErr(fields), event];
  if (!hasChildren) return Object.keys(fields).length === 0 ? [event] : [event, fields];
  const plain = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? plainError(value) : value,
  ]);
  return [event, Object.fromEntries(plain)];
}

function errorAsErr(fields: LogFields): LogFields {
  const name = ["cause", "error"].find((one) => fields[one] instanceof Error);
  if (name === undefined || "err" in fields) return { ...fields };
  const { [name]: err, ...others } = fields;
  return { ...others, err };
}
