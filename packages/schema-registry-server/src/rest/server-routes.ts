import type { Route } from "./route.ts";

export interface ServerIdentity {
  readonly version: string;
  readonly clusterId: () => string;
  readonly groupId: string;
}

/** About the server itself. */
export function serverRoutes({ version, clusterId, groupId }: ServerIdentity): readonly Route[] {
  const get = (path: string, json: () => unknown): Route => ({
    method: "GET",
    path,
    handle: () => ({ json: json() }),
  });
  const clusters = { "kafka-cluster": clusterId, "schema-registry-cluster": () => groupId };
  return [
    get("/", () => ({})),
    get("/v1/metadata/id", () => ({
      scope: {
        path: [],
        clusters: Object.fromEntries(
          Object.entries(clusters).map(([name, value]) => [name, value()]),
        ),
      },
      id: "",
    })),
    get("/v1/metadata/version", () => ({ version, commitId: "" })),
  ];
}
