import { createHash, createHmac } from "node:crypto";

import type { Timers } from "@millrace/platform";
import { pruneSnapshots, snapshotIds } from "@millrace/state";
import { expect, test } from "vitest";

import { openSnapshotPlace } from "./s3-place.ts";
import { s3SnapshotStore } from "./s3-snapshot-store.ts";

const credentials = { accessKeyId: "AKID", secretAccessKey: "a secret" };
const keysPerPage = 2;

/** Pauses of a test take no time. */
const slept: number[] = [];
const platform: { readonly timers: Timers } = {
  timers: {
    after: () => ({ cancel: () => {} }),
    sleep: async (ms, signal) => {
      slept.push(ms);
      signal?.throwIfAborted();
    },
    yield: async () => {},
  },
};

/** As much of S3 as snapshots ask for; it checks who asks by the signature, as S3 documents it. */
class S3Double {
  readonly objects = new Map<string, Uint8Array>();
  readonly requests: string[] = [];
  /** Taken one by one, before a request is answered. */
  readonly faults: (() => Response)[] = [];

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const method = init.method ?? "GET";
    this.requests.push(`${method} ${url.pathname}`);
    init.signal?.throwIfAborted();
    const fault = this.faults.shift();
    if (fault !== undefined) return fault();
    const headers = new Headers(init.headers);
    if (headers.get("authorization") !== authorizationOf(method, url, headers))
      return refusal(403, "SignatureDoesNotMatch");
    if (!url.pathname.startsWith("/state/")) return refusal(404, "NoSuchBucket");
    const key = decodeURIComponent(url.pathname.slice("/state/".length));
    if (method === "PUT") this.objects.set(key, new Uint8Array(init.body as ArrayBuffer));
    else if (method === "DELETE") this.objects.delete(key);
    else if (key === "") return this.#list(url.searchParams);
    else if (!this.objects.has(key)) return refusal(404, "NoSuchKey");
    return new Response(new Uint8Array(this.objects.get(key) ?? []));
  };

  #list(query: URLSearchParams): Response {
    const prefix = query.get("prefix") ?? "";
    const after = query.get("continuation-token") ?? "";
    const all = new Set(
      [...this.objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => prefix + /^[^/]*\/?/.exec(key.slice(prefix.length))?.[0]),
    );
    const left = [...all].sort().filter((name) => name > after);
    const page = left.slice(0, keysPerPage);
    const told = page.map((name) => {
      const text = name.replaceAll("&", "&amp;");
      return name.endsWith("/")
        ? `<CommonPrefixes><Prefix>${text}</Prefix></CommonPrefixes>`
        : `<Contents><LastModified>now</LastModified><Key>${text}</Key></Contents>`;
    });
    const rest =
      left.length > page.length
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page.at(-1)}</NextContinuationToken>`
        : "<IsTruncated>false</IsTruncated>";
    return new Response(`<ListBucketResult>${rest}${told.join("")}</ListBucketResult>`);
  }
}

function refusal(status: number, code: string): Response {
  return new Response(`<Error><Code>${code}</Code><Message>no</Message></Error>`, { status });
}

/** Signature version 4, written anew. */
function authorizationOf(method: string, url: URL, headers: Headers): string {
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();
  const time = headers.get("x-amz-date") ?? "";
  const names = ["host", "x-amz-content-sha256", "x-amz-date"];
  const query = [...url.searchParams]
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .sort()
    .join("&");
  const canonical = [
    method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${name === "host" ? url.host : headers.get(name)}`),
    "",
    names.join(";"),
    headers.get("x-amz-content-sha256"),
  ].join("\n");
  const scope = `${time.slice(0, 8)}/eu-central-1/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, hash].join("\n")).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}

function opened(given: { bucket?: string; secretAccessKey?: string; prefix?: string } = {}) {
  const double = new S3Double();
  const store = s3SnapshotStore(platform, {
    bucket: given.bucket ?? "state",
    prefix: given.prefix ?? "a prefix/of & mine",
    region: "eu-central-1",
    endpoint: "http://s3.test:9000/",
    credentials: { ...credentials, secretAccessKey: given.secretAccessKey ?? "a secret" },
    fetch: double.fetch,
  });
  return { double, store };
}

test("what was put is got, listed over several pages, and deleted", async () => {
  const { store, double } = opened();
  const bytes = Uint8Array.of(0, 255, 13, 10);
  for (const id of ["1", "2", "3", "4", "5"])
    for (const file of ["000000.rows", "manifest.json"])
      await store.put(`app/0_0/${id}/${file}`, bytes);
  await store.put("app/0_0/note", bytes);
  expect(await store.get("app/0_0/3/000000.rows")).toEqual(bytes);
  expect(await store.get("app/0_0/3/000001.rows")).toBeUndefined();
  expect(await store.list("app/0_0/")).toEqual(["1/", "2/", "3/", "4/", "5/", "note"].sort());
  expect(await store.list("app/0_1/")).toEqual([]);
  const owner = { application: "app", task: "0_0" };
  expect(await pruneSnapshots(store, { ...owner, keep: 2 })).toEqual(["3", "2", "1"]);
  expect(await snapshotIds(store, owner)).toEqual(["5", "4"]);
  await store.delete("app/0_0/9/manifest.json");
  expect([...double.objects.keys()][0]).toBe("a prefix/of & mine/app/0_0/4/000000.rows");
});

test("what may pass is tried again, and told in the end", async () => {
  const { store, double } = opened({ prefix: "" });
  const away = (): Response => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  };
  double.faults.push(away, () => refusal(503, "SlowDown"));
  slept.length = 0;
  await store.put("x", Uint8Array.of(1));
  expect(double.requests).toEqual(["PUT /state/x", "PUT /state/x", "PUT /state/x"]);
  expect(slept).toEqual([100, 200]);
  double.faults.push(...Array.from({ length: 5 }, () => away));
  await expect(store.get("x")).rejects.toMatchObject({
    code: "SNAPSHOT_STORE_FAILED",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("what will not pass is told at once, with the cause", async () => {
  const wrong = opened({ secretAccessKey: "another" });
  await expect(wrong.store.list("app/")).rejects.toThrow(/SignatureDoesNotMatch.*credentials/s);
  expect(wrong.double.requests).toHaveLength(1);
  const elsewhere = opened({ bucket: "elsewhere" });
  await expect(elsewhere.store.get("x")).rejects.toThrow(/NoSuchBucket/);
  elsewhere.double.faults.push(() => new Response(null, { status: 301 }));
  await expect(elsewhere.store.get("x")).rejects.toThrow(/region/);
});

test("a signal ends a request, and the wait for the next one", async () => {
  const { store, double } = opened();
  const stop = new AbortController();
  double.faults.push(() => {
    stop.abort(new Error("enough"));
    return refusal(503, "SlowDown");
  });
  await expect(store.get("x", stop.signal)).rejects.toThrow("enough");
  await expect(store.get("x", stop.signal)).rejects.toThrow("enough");
  expect(double.requests).toHaveLength(1);
});

test("a place is a bucket and a prefix; what else there is to know is in the environment", () => {
  const known = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  expect(openSnapshotPlace("s3://state/a/b/", platform, known)?.place).toBe("s3://state/a/b");
  expect(openSnapshotPlace("gs://state", platform, known)).toBeUndefined();
  expect(() => openSnapshotPlace("s3://state", platform, {})).toThrow(/AWS_ACCESS_KEY_ID/);
  expect(() => openSnapshotPlace("s3:///x", platform, known)).toThrow(/names no bucket/);
});
