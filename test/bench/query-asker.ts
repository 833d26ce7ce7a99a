// Asks an instance as another one does, so many times a second, and tells how many answers there were.
// `query-asker.ts ADDRESS APPLICATION QUERIES-PER-SECOND`
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { HttpPeers } from "@millrace/http";
import { encodeUtf8, murmur2 } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";

const [, , address, applicationId, rate] = process.argv;
const peers = new HttpPeers(nodePlatform(), { scheme: "http" });
const { signal } = new AbortController();
const headers = { authorization: "Bearer known to all" };
/** Of a turn: who is late asks no more at once. */
const questionsMax = 64;
const startMs = performance.now();
let asked = 0;
let answers = 0;
process.on("disconnect", () => process.exit());
for (;;) {
  const due = (Number(rate) * (performance.now() - startMs)) / 1000;
  const work: Promise<void>[] = [];
  while (asked < due && work.length < questionsMax) work.push(ask(asked++));
  await Promise.all(work);
  process.send?.(answers);
  await sleep(5);
}

/** Keys for the most part, windows of a key, and now and then a range, as `query-http.ts` says. */
async function ask(index: number): Promise<void> {
  const key = `user-${(index * 7919) % 10_000}`;
  const bytes = encodeUtf8(key);
  const base64 = Buffer.from(bytes).toString("base64");
  const to = Buffer.from(`${key}9`).toString("base64");
  const times = { after: 0, isReverse: false };
  const [store, question] =
    index % 10 < 7
      ? ["counts", { kind: "get", key: base64 }]
      : index % 10 < 9
        ? ["per-minute", { kind: "windows", from: base64, to: base64, ...times }]
        : ["counts", { kind: "range", from: base64, to, isReverse: false }];
  const partition = (murmur2(bytes) & 0x7fffffff) % 4;
  const body = JSON.stringify({ applicationId, store, partition, question, positionAtLeast: {} });
  const answer = await peers.post(address, { path: "/millrace/query", headers, body, signal });
  let text = "";
  for await (const part of answer.body) text += Buffer.from(part).toString();
  if (answer.status !== 200 || !text.includes('"isLast":true')) throw new Error(text);
  answers += 1;
}
