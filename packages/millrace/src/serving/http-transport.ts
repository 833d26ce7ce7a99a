import { messageOf } from "@millrace/model";
import type { HttpPeers } from "@millrace/http";
import { QueryError, type QueryTransport } from "@millrace/streams";

/** A line of an answer is a page of rows; a longer one is none. */
const lineCharactersMax = 64 * 2 ** 20;

/** Instances ask each other over HTTP/2, or HTTP/1.1 where that is all that a server speaks. */
export function httpTransport(
  peers: Pick<HttpPeers, "post">,
  secret: string | undefined,
): QueryTransport {
  const headers = {
    "content-type": "application/json",
    ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
  };
  return {
    async *ask(address, body, signal) {
      try {
        const request = { path: "/millrace/query", headers, body, signal };
        const answer = await peers.post(address, request);
        if (answer.status === 200) {
          yield* linesOf(answer.body);
          return;
        }
        for await (const _ of answer.body) break;
        throw refusal(address, answer.status);
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof QueryError ? error : unreachable(address, error);
      }
    },
  };
}

function refusal(address: string, status: number): QueryError {
  if (status !== 401 && status !== 403)
    return unreachable(address, new Error(`it answers ${status}`));
  return new QueryError(
    "QUERY_REFUSED",
    `${address} does not let this instance ask it: give all instances the same querySecret, and the address of one of them as applicationServer`,
  );
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let size = 0;
  for await (const chunk of body) {
    const [first, ...more] = decoder.decode(chunk, { stream: true }).split("\n");
    parts.push(first);
    size += first.length;
    if (size > lineCharactersMax) throw new RangeError("a line without an end");
    for (const next of more) {
      yield parts.join("");
      parts = [next];
      size = next.length;
    }
  }
  if (size > 0) throw new Error("its answer broke off");
}

function unreachable(address: string, cause: unknown): QueryError {
  const reason = messageOf(cause);
  return new QueryError("INSTANCE_UNREACHABLE", `${address} does not answer: ${reason}`, cause);
}
