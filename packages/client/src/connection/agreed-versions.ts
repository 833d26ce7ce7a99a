import { ClusterError } from "@millrace/cluster";
import { decodeResponse, errorRow, KafkaError, type Api } from "@millrace/protocol";
import { apiVersionsApi, type ApiVersionsResponse } from "@millrace/protocol/definitions";
import { readInt16 } from "@millrace/protocol/wire";

const unsupportedVersion = 35;

/** What a broker told about itself when the connection was opened: versions of APIs, and features. */
export class AgreedVersions {
  readonly #rows = new Map<number, ApiVersionsResponse["apiKeys"][number]>();
  readonly #features = new Map<string, number>();
  /** As of which offset of the cluster's metadata features are told; -1: the broker does not know them, or not yet. */
  readonly featuresEpoch: number;

  constructor(response: ApiVersionsResponse) {
    for (const row of response.apiKeys) this.#rows.set(row.apiKey, row);
    this.featuresEpoch = response.finalizedFeaturesEpoch;
    if (this.featuresEpoch < 0) return;
    for (const { name, maxVersionLevel } of response.finalizedFeatures)
      this.#features.set(name, maxVersionLevel);
  }

  /** The level of a feature that the cluster has finalised; 0 where it has none. */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  /** The highest version that both sides know within the bounds; undefined: there is none. */
  version(api: Api, bounds: { versionMin?: number; versionMax?: number } = {}): number | undefined {
    const row = this.#rows.get(api.key);
    if (row === undefined) return undefined;
    const max = Math.min(api.versions.max, row.maxVersion, bounds.versionMax ?? Infinity);
    const min = Math.max(api.versions.min, row.minVersion, bounds.versionMin ?? 0);
    return max >= min ? max : undefined;
  }

  /** @throws ClusterError `UNSUPPORTED_BY_CLUSTER` */
  versionOrThrow(api: Api, bounds: { versionMin?: number; versionMax?: number }): number {
    const version = this.version(api, bounds);
    if (version !== undefined) return version;
    const row = this.#rows.get(api.key);
    const told =
      row === undefined ? "not at all" : `in versions ${row.minVersion} to ${row.maxVersion}`;
    throw new ClusterError(
      "UNSUPPORTED_BY_CLUSTER",
      `the broker serves ${api.name} ${told}; ${bounds.versionMin ?? api.versions.min} to ` +
        `${bounds.versionMax ?? api.versions.max} is needed here: use a newer cluster`,
    );
  }
}

/** Where the negotiation stands after an answer. */
export type Negotiation =
  | { readonly kind: "agreed"; readonly versions: AgreedVersions }
  | { readonly kind: "retry"; readonly version: number };

/**
 * Reads the answer to an ApiVersions request. A broker that does not know the version answers in
 * version 0 and names its own (KIP-511); then the request is to be sent again in that one.
 *
 * @throws KafkaError for another error; ProtocolError for bytes that are no answer
 */
export function readApiVersions(frame: Uint8Array, version: number): Negotiation {
  const errorCode = frame.length >= 6 ? readInt16(frame, 4) : 0;
  if (errorCode === unsupportedVersion) {
    const { body } = decodeResponse(apiVersionsApi, 0, frame);
    const row = body.apiKeys.find(({ apiKey }) => apiKey === apiVersionsApi.key);
    const next = Math.min(row?.maxVersion ?? 0, version - 1);
    if (next < 0) throw KafkaError.of(errorCode);
    return { kind: "retry", version: next };
  }
  const { body } = decodeResponse(apiVersionsApi, version, frame);
  if (body.errorCode !== 0) throw new KafkaError(errorRow(body.errorCode).name);
  return { kind: "agreed", versions: new AgreedVersions(body) };
}
