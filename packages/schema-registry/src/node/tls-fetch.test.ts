import type { Duration } from "@millrace/model";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { testClient } from "../../test-support/fake-registry.ts";
import type { SchemaRegistryClient } from "../client/schema-registry-client.ts";
import { tlsFetch, type TlsFetchOptions } from "./tls-fetch.ts";

function certificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  const ask =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
  execFileSync("openssl", [...ask.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

test("requests are sent with certificates of one's own, the client's too", async () => {
  const own = certificate();
  const mine = certificate();
  const bodies: string[] = [];
  const server = createServer(
    { ...own, ca: mine.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      let body = "";
      request.on("data", (chunk: Uint8Array) => (body += String(chunk)));
      request.on("end", () => {
        bodies.push(`${request.method} ${request.headers["content-type"]} ${body}`);
        response.setHeader("content-type", "application/json");
        response.end(request.method === "POST" ? '{"id":1}' : '["s"]');
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const client = (options: TlsFetchOptions, apiTimeout: Duration = "30s"): SchemaRegistryClient =>
    testClient({ url, fetch: tlsFetch(options), apiTimeout });

  const registry = client({ ca: own.cert, ...mine });
  expect(await registry.subjects()).toEqual(["s"]);
  expect(await registry.register("s", { schema: '"int"' })).toEqual({ id: 1 });
  expect(bodies[1]).toBe('POST application/vnd.schemaregistry.v1+json {"schema":"\\"int\\""}');

  await expect(client({ ...mine }, "1s").subjects()).rejects.toThrow(/self-signed/);
  await expect(client({ ca: own.cert }, "1s").subjects()).rejects.toThrow(/does not answer/);
  await expect(
    client({ ca: own.cert, ...mine, serverName: "elsewhere" }, "1s").subjects(),
  ).rejects.toThrow(/elsewhere/);
});

test.each([
  ["the host's fetch", undefined],
  ["one of its own", tlsFetch({})],
])("that a server speaks no TLS is told at once, with %s", async (_, fetch) => {
  const server = createPlainServer((_request, response) => response.end("[]"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = testClient({ url, apiTimeout: "5m", ...(fetch && { fetch }) });
  await expect(client.subjects()).rejects.toThrow(/does not speak TLS.*http:\/\//);
});
