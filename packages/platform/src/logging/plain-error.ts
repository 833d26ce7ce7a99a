import { causesOf } from "@millrace/model";

/** An error as an object that every format shows whole: with its causes, each once. */
export function plainError(error: Error): Readonly<Record<string, unknown>> {
  const errors = causesOf(error);
  const root = errors.at(-1)?.cause;
  let told: unknown = root instanceof Error ? undefined : root;
  for (const one of errors.toReversed()) told = withCause(one, told);
  return told as Readonly<Record<string, unknown>>; // the error is the first of its causes
}

function withCause(error: Error, cause: unknown): Readonly<Record<string, unknown>> {
  const code = "code" in error ? error.code : undefined;
  const { name, message, stack } = error;
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message,
    stack,
    ...(cause === undefined ? {} : { cause }),
  };
}
