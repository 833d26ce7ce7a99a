import { concatBytes, decodeUtf8 } from "@millrace/model";

/** The answer is longer than the bound. */
export const tooLarge: unique symbol = Symbol("too large");

/** The body of an answer as text; nothing beyond the bound is kept. */
export async function readAnswer(
  response: Response,
  bytesMax: number,
): Promise<string | typeof tooLarge> {
  const { body } = response;
  if (body === null) return "";
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader.cancel();
      return tooLarge;
    }
    parts.push(value);
  }
  return decodeUtf8(parts.length === 1 ? parts[0] : concatBytes(...parts));
}
