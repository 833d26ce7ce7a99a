import type { Message } from "../src/schema/message.ts";

/** The messages of what `definitions` exports: itself, an API's two, a record's key and value. */
export function messagesOf(value: unknown): readonly Message[] {
  if (typeof value !== "object" || value === null) return [];
  if ("fields" in value && "versions" in value) return [value as Message];
  const parts: readonly unknown[] =
    "request" in value && "response" in value
      ? [value.request, value.response]
      : "key" in value && "value" in value
        ? [value.key, value.value]
        : [];
  return parts.flatMap(messagesOf);
}
