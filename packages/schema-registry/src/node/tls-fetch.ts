import { decodeUtf8 } from "@millrace/model";
import type { IncomingMessage } from "node:http";
import { Agent, request, type RequestOptions } from "node:https";
import { Readable } from "node:stream";

/** Certificates of one's own, in PEM: texts, or files as they were read. */
export interface TlsFetchOptions {
  /** Authorities that are trusted, one after the other (Confluent: `schema.registry.ssl.truststore`). Default: the host's. */
  readonly ca?: string | Uint8Array;
  /** The client's certificate, for mutual TLS (Confluent: `schema.registry.ssl.keystore`). */
  readonly cert?: string | Uint8Array;
  /** The key of `cert`. */
  readonly key?: string | Uint8Array;
  /** Of `key`. */
  readonly passphrase?: string;
  /** The name that the registry's certificate must have. Default: the address's host. */
  readonly serverName?: string;
}

/**
 * A `fetch` for the option of that name, with certificates of one's own, which the host's cannot take. It sends what a
 * `SchemaRegistryClient` sends, over connections that it keeps open for the next request.
 *
 * @example
 * const fetch = tlsFetch({ ca: readFileSync("ca.pem"), cert: readFileSync("me.pem"), key: readFileSync("me.key") });
 * const registry = new SchemaRegistryClient({ url: "https://registry:8081", fetch });
 */
export function tlsFetch(
  options: TlsFetchOptions,
): (url: string, init: RequestInit) => Promise<Response> {
  const { ca, cert, key, passphrase, serverName } = options;
  const agent = new Agent({
    keepAlive: true,
    ...(ca === undefined ? {} : { ca: pem(ca) }),
    ...(cert === undefined ? {} : { cert: pem(cert) }),
    ...(key === undefined ? {} : { key: pem(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  return (url, { method = "GET", headers, body, signal }) => {
    const given = { agent, method, headers: Object.fromEntries(new Headers(headers)) };
    return exchange(url, signal ? { ...given, signal } : given, body);
  };
}

function exchange(
  url: string,
  options: RequestOptions,
  body: BodyInit | null | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (answer) => resolve(responseOf(answer)));
    sent.on("error", reject);
    sent.end(typeof body === "string" ? body : undefined);
  });
}

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 0, headers } = answer;
  const plain = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const isEmpty = status === 204 || status === 304;
  if (isEmpty) answer.resume();
  const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>); // the same class, typed twice
  return new Response(body, { status, headers: plain });
}

function pem(given: string | Uint8Array): string {
  return typeof given === "string" ? given : decodeUtf8(given);
}
