import type { LogFields } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

import type { SchemaRegistryClientOptions } from "../src/client/registry-client-options.ts";
import { SchemaRegistryClient } from "../src/client/schema-registry-client.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answerer = (response: ServerResponse, request: Seen) => void;

export interface FakeServer {
  readonly url: string;
  readonly seen: Seen[];
}

/** Answers the requests by these, in order; the last one answers all that follow. */
export async function fakeRegistry(...answerers: readonly Answerer[]): Promise<FakeServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Uint8Array) => (body += String(chunk)));
    request.on("end", () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body };
      seen.push(one);
      (answerers[seen.length - 1] ?? answerers[answerers.length - 1])(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`, seen };
}

export function json(status: number, body: unknown): Answerer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
    response.end(JSON.stringify(body));
  };
}

export function html(status: number): Answerer {
  return (response) => {
    response.writeHead(status, { "content-type": "text/html" });
    response.end("<html><h1>Please sign in</h1></html>");
  };
}

export const refusal = (status: number, errorCode: number, message = "no") =>
  json(status, { error_code: errorCode, message });

export type Events = [string, LogFields | undefined][];

export function testClient(
  options: SchemaRegistryClientOptions & { readonly logged?: Events },
): SchemaRegistryClient {
  const { logged = [], ...given } = options;
  const { clock, timers, random } = nodePlatform();
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string, fields?: LogFields) => void logged.push([event, fields]),
  };
  const made = new SchemaRegistryClient({
    retryBackoff: 1,
    retryBackoffMax: 5,
    platform: { clock, timers, random, logger },
    ...given,
  });
  onTestFinished(() => made.close());
  return made;
}
