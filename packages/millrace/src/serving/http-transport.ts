import { QueryError, type QueryTransport } from "@millrace/streams";

/** A line of an answer is a page of rows; a longer one is none. */
const lineCharactersMax = 64 * 2 ** 20;

/**
 * Instances ask each other over HTTP, with the `fetch` of the host: it keeps connections, and takes certificates that
 * Node trusts (`NODE_EXTRA_CA_CERTS`).
 */
export function httpTransport(options: {
  readonly secret: string | undefined;
  readonly scheme: "http" | "https";
}): QueryTransport {
  const { secret, scheme } = options;
  return {
    async *ask(address, request, signal) {
      const response = await post(`${scheme}://${address}/millrace/query`, {
        method: "POST",
        body: request,
        headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
        signal,
      });
      if (response.status === 401 || response.status === 403)
        throw new QueryError(
          "QUERY_REFUSED",
          `${address} does not let this instance ask it: give all instances the same querySecret, and the address of one of them as applicationServer`,
        );
      if (response.status !== 200 || response.body === null)
        throw unreachable(address, new Error(`it answers ${response.status}`));
      yield* linesOf(address, response.body);
    },
  };
}

async function post(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    throw unreachable(new URL(url).host, error);
  }
}

async function* linesOf(
  address: string,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > lineCharactersMax) throw new RangeError("a line without an end");
      yield* lines;
    }
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    await reader.cancel().catch(() => {}); // it has ended, or nobody wants the rest
  }
  if (rest !== "") throw unreachable(address, new Error("its answer broke off"));
}

function unreachable(address: string, cause: unknown): QueryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new QueryError("INSTANCE_UNREACHABLE", `${address} does not answer: ${reason}`, cause);
}
