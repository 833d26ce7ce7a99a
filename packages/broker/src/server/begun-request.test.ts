import { listGroupsApi } from "@millrace/protocol/definitions";
import { Reader } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { RequestMetrics } from "../metrics/request-metrics.ts";
import { BegunRequest, type BegunRequestParts } from "./begun-request.ts";
import type { Handler } from "./handler.ts";

test("a request costs its client the time of all its turns, and not what it waited", () => {
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs };
  const charged: number[] = [];
  const context = {
    laterMs: 30,
    throttleMs: 0,
    charge: (_key: string, percent: number) => void charged.push(percent),
  };
  const handler = { api: listGroupsApi, handle: () => void (nowMs += 20) };
  const request = new BegunRequest({
    handler: handler as unknown as Handler,
    header: { apiKey: 16, apiVersion: 0, correlationId: 1, clientId: "c" },
    // What else a context has is not asked for.
    context: context as unknown as BegunRequestParts["context"],
    served: new RequestMetrics(clock).begin(listGroupsApi, 1),
    clock,
  });
  void request.run(new Reader(new Uint8Array(0)), 0);
  nowMs += 5000;
  request.ended(undefined, { errorCode: 0 });
  // 20 and 30 of a thousand milliseconds.
  expect(charged).toEqual([5]);
});
