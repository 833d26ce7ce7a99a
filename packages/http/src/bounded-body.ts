/** A sender that is only somewhat beyond the bound is heard out, so that it hears the refusal. */
const politeFactor = 8;

/**
 * The request with a body of at most `bytesMax`; undefined: it has more. What tells no length is read here, so that the
 * app never meets a body that ends in an error.
 */
export async function boundedBody(
  request: Request,
  bytesMax: number,
): Promise<Request | undefined> {
  if (request.body === null) return request;
  const told = request.headers.get("content-length");
  if (told !== null && Number(told) <= bytesMax) return request;
  if (Number(told) > bytesMax * politeFactor) return undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of request.body as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    size += part.length;
    if (size <= bytesMax) parts.push(part);
    else if (size > bytesMax * politeFactor) return undefined;
  }
  if (size > bytesMax) return undefined;
  const { url, method, headers } = request;
  return new Request(url, { method, headers, body: new Blob(parts) });
}
