import { ClusterError } from "@millrace/cluster";
import type { Api, ApiVersionsResponse } from "@millrace/protocol";

/** What one broker speaks, and which features its cluster has finalised. */
export class BrokerVersions {
  readonly #ranges = new Map<number, { readonly min: number; readonly max: number }>();
  readonly #features = new Map<string, number>();

  learn(response: ApiVersionsResponse): void {
    for (const { apiKey, minVersion, maxVersion } of response.apiKeys) {
      this.#ranges.set(apiKey, { min: minVersion, max: maxVersion });
    }
    if (response.finalizedFeaturesEpoch < 0) return;
    for (const { name, maxVersionLevel } of response.finalizedFeatures) {
      this.#features.set(name, maxVersionLevel);
    }
  }

  /**
   * The highest version that both sides know, at most `versionMax`.
   *
   * @throws ClusterError `UNSUPPORTED_BY_CLUSTER`
   */
  choose(api: Api, versionMax: number = Number.POSITIVE_INFINITY): number {
    const range = this.#ranges.get(api.key);
    const version = Math.min(api.versions.max, range?.max ?? -1, versionMax);
    if (range === undefined || version < range.min || version < api.versions.min) {
      const has = range === undefined ? "none" : `${range.min} to ${range.max}`;
      throw new ClusterError(
        "UNSUPPORTED_BY_CLUSTER",
        `${api.name} is needed in version ${api.versions.min} to ${Math.min(api.versions.max, versionMax)}, the broker has ${has}; use a newer cluster`,
      );
    }
    return version;
  }

  /** Level of a finalised feature; 0 where it is not. */
  featureLevel(feature: string): number {
    return this.#features.get(feature) ?? 0;
  }
}
