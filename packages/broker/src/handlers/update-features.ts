import type { Given } from "@millrace/protocol";
import {
  updateFeaturesApi,
  type UpdateFeaturesRequest,
  type updateFeaturesResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { supportedFeatures } from "../metadata/features.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, errorAnswer, noError } from "./error-answer.ts";

/*
 * UpdateFeatures, versions 0 to 2: levels of features go up, or down where it is said so; all of them, or none.
 *   1  kinds of upgrades, only validated     2  no results of single features
 */

type Response = Given<typeof updateFeaturesResponse>;
type Update = UpdateFeaturesRequest["featureUpdates"][number];

/** Kafka: `FeatureUpdate.UpgradeType`. */
const upgradeTypes = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;

export function updateFeaturesHandler({
  cluster,
  metadata,
}: BrokerServices): AnsweringHandler<UpdateFeaturesRequest, Response> {
  return {
    api: updateFeaturesApi,
    async handle(context, { featureUpdates, validateOnly }) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("ALTER", clusterResource))
        return { throttleTimeMs, ...clusterRefused, results: [] };
      // Of a feature that is named twice the last level counts.
      const updates = new Map(featureUpdates.map((update) => [update.feature, update]));
      const fault = await metadata.change((image) => {
        const found = firstFault(image, updates.values());
        const isKept = found !== undefined || validateOnly;
        return { records: isKept ? [] : recordsOf(updates.values()), result: found };
      });
      if (fault === undefined)
        return { throttleTimeMs, ...noError, results: featureUpdates.map(resultOf) };
      const text = `The update failed for all features since the following feature had an error: ${fault}`;
      return { throttleTimeMs, ...errorAnswer("INVALID_UPDATE_VERSION", text), results: [] };
    },
  };

  function firstFault(image: MetadataImage, updates: Iterable<Update>): string | undefined {
    for (const update of updates) {
      const { feature, maxVersionLevel: next } = update;
      const level = image.features.get(feature) ?? 0;
      const fault = faultOf(update, level, cluster.nodeId);
      if (fault !== undefined)
        return `Invalid update version ${next} for feature ${feature}. ${fault}`;
      if (feature === "metadata.version" && next < level)
        return `Unsupported metadata.version downgrade from ${level} to ${next}. ${downgradeFault(update)}`;
    }
    return undefined;
  }
}

/** Kafka has this text for what went well. */
function resultOf({ feature }: Update) {
  return { feature, errorCode: 0, errorMessage: "NONE" };
}

function recordsOf(updates: Iterable<Update>): MetadataRecord[] {
  return Array.from(updates).map(({ feature: name, maxVersionLevel }) => ({
    kind: "featureLevel",
    value: { name, featureLevel: maxVersionLevel },
  }));
}

/** Version 0 lacks the kind of upgrade, and Kafka reads it as its default there: downgrades are refused. */
function faultOf(update: Update, level: number, nodeId: number): string | undefined {
  const { feature, maxVersionLevel: next, upgradeType: type } = update;
  if (type < upgradeTypes.UPGRADE || type > upgradeTypes.UNSAFE_DOWNGRADE)
    return "The controller does not support the given upgrade type.";
  if (next < 0) return "A feature version cannot be less than 0.";
  const range = supportedFeatures.find(({ name }) => name === feature);
  if (range === undefined)
    return next > 0
      ? `Local controller ${nodeId} does not support this feature.`
      : `Feature ${feature} not found.`;
  if (next < range.minVersion || next > range.maxVersion)
    return `Local controller ${nodeId} only supports versions ${range.minVersion}-${range.maxVersion}`;
  if (next < level && type === upgradeTypes.UPGRADE)
    return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
  if (next > level && type !== upgradeTypes.UPGRADE) return "Can't downgrade to a newer version.";
  return feature === "kraft.version" && next < level
    ? "Can't downgrade the version of this feature."
    : undefined;
}

/** Every level before this one knows less of the metadata. */
function downgradeFault({ upgradeType }: Update): string {
  return upgradeType === upgradeTypes.UNSAFE_DOWNGRADE
    ? "Unsafe metadata downgrade is not supported in this version."
    : "Refusing to perform the requested downgrade because it might delete metadata information.";
}
