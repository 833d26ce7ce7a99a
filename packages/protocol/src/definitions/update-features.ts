import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * UpdateFeatures (key 57)
 *
 *  1  kinds of upgrades, only validated
 *  2  no results of single features
 */

export const updateFeaturesRequest = message(
  "UpdateFeaturesRequest",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array({
      feature: string(),
      maxVersionLevel: int16(),
      allowDowngrade: bool({ until: 0 }),
      upgradeType: int8({ since: 1, default: 1 }),
    }),
    validateOnly: bool({ since: 1, default: false }),
  },
);
export type UpdateFeaturesRequest = Decoded<typeof updateFeaturesRequest>;

export const updateFeaturesResponse = message(
  "UpdateFeaturesResponse",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    results: array(
      {
        feature: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
      },
      { until: 1, ignorable: true },
    ),
  },
);
export type UpdateFeaturesResponse = Decoded<typeof updateFeaturesResponse>;

export const updateFeaturesApi = api(57, updateFeaturesRequest, updateFeaturesResponse);
