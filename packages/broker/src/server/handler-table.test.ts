import { InvariantError } from "@millrace/model";
import { apiVersionsApi, metadataApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import type { Handler } from "./handler.ts";
import { HandlerTable } from "./handler-table.ts";

const metadata: Handler = { api: metadataApi, handle: () => undefined };
const versions: Handler = { api: apiVersionsApi, handle: () => undefined };
const header = (apiKey: number, apiVersion: number) => ({
  apiKey,
  apiVersion,
  correlationId: 1,
  clientId: null,
});

test("BROKER-3: an API has one handler", () => {
  const table = new HandlerTable();
  table.add(metadata);
  expect(() => table.add({ ...metadata })).toThrow(InvariantError);
  expect(table.apis()).toEqual([metadataApi]);
});

test("a version is served or not, but for ApiVersions, which answers them all", () => {
  const table = new HandlerTable();
  table.add(metadata, versions);
  expect(table.find(header(metadataApi.key, 12))).toBe(metadata);
  expect(table.find(header(metadataApi.key, 99))).toBeUndefined();
  expect(table.find(header(apiVersionsApi.key, 99))).toBe(versions);
  expect(table.find(header(999, 0))).toBeUndefined();
});
