import { messageOf } from "@millrace/model";

import { RegistryError } from "../registry-error.ts";
import type { ForwardableRequest } from "../rest/registry-app.ts";

const passedOn = ["content-type", "accept", "authorization"];
/** Marks what a member sends on: it is not sent on again. */
export const forwardHeader = "x-forward";

/** Has the leader do what a request asks. @throws RegistryError `FORWARDING_FAILED` */
export async function forwardRequest(
  leaderUrl: string,
  { method, path, headers, body }: ForwardableRequest,
  signal: AbortSignal,
): Promise<Response> {
  const sent = new Headers({ [forwardHeader]: "true" });
  for (const name of passedOn) {
    const value = headers.get(name);
    if (value !== null) sent.set(name, value);
  }
  try {
    const answer = await fetch(leaderUrl + path, {
      method,
      headers: sent,
      ...(body === "" ? {} : { body }),
      redirect: "error",
      signal,
    });
    const type = answer.headers.get("content-type");
    const text = answer.status === 204 ? null : await answer.text();
    const { status } = answer;
    return new Response(text, {
      status,
      ...(type === null ? {} : { headers: { "content-type": type } }),
    });
  } catch (error) {
    const cause = messageOf(error);
    throw new RegistryError(
      "FORWARDING_FAILED",
      `the leader at ${leaderUrl} does not answer: ${cause}`,
      {
        cause: error,
      },
    );
  }
}
