/** An error as an object that every format shows whole. */
export function plainError(error: Error): Readonly<Record<string, unknown>> {
  const code = "code" in error ? error.code : undefined;
  const { name, message, stack, cause } = error;
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message,
    stack,
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? plainError(cause) : cause }),
  };
}
