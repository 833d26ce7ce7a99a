import { nodePlatform } from "@millrace/platform/node";
import {
  SchemaRegistryServer,
  type SchemaRegistryServerOptions,
} from "@millrace/schema-registry-server";

const platform = nodePlatform({ logLevel: "silent" });

export type RegistryOptions = Partial<SchemaRegistryServerOptions>;

export function startRegistry(
  bootstrapServers: string,
  options: RegistryOptions = {},
): Promise<SchemaRegistryServer> {
  return SchemaRegistryServer.start({ bootstrapServers, port: 0, ...options }, platform);
}

/** A request with its answer, as JSON. */
export async function ask(
  url: string,
  request: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const [method, path] = request.split(" ");
  const answer = await fetch(url + path, {
    method,
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** An Avro record with one optional field of each name. */
export function recordWith(...names: readonly string[]): string {
  const fields = names.map((name) => ({ name, type: ["null", "int"], default: null }));
  return JSON.stringify({ type: "record", name: "R", fields });
}

/** Gives the id; fails where it is not taken. */
export async function register(url: string, subject: string, schema: string): Promise<number> {
  const { status, body } = await ask(url, `POST /subjects/${subject}/versions`, { schema });
  if (status !== 200) throw new Error(`${subject}: ${status} ${JSON.stringify(body)}`);
  return (body as { readonly id: number }).id;
}
