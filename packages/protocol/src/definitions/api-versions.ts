import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ApiVersions (key 18)
 *
 * The answer always has response header 0; a version that is not known is answered in version 0.
 *  1  throttle time
 *  3  flexible; software of the client, features
 *  4  features whose lowest version is 0 may be told
 */

export const apiVersionsRequest = message(
  "ApiVersionsRequest",
  { min: 0, max: 4, flexibleSince: 3 },
  {
    clientSoftwareName: string({ since: 3, ignorable: true }),
    clientSoftwareVersion: string({ since: 3, ignorable: true }),
  },
);
export type ApiVersionsRequest = Decoded<typeof apiVersionsRequest>;

export const apiVersionsResponse = message(
  "ApiVersionsResponse",
  { min: 0, max: 4, flexibleSince: 3 },
  {
    errorCode: int16(),
    apiKeys: array({
      apiKey: int16(),
      minVersion: int16(),
      maxVersion: int16(),
    }),
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    supportedFeatures: array(
      {
        name: string(),
        minVersion: int16(),
        maxVersion: int16(),
      },
      { since: 3, tag: 0, ignorable: true },
    ),
    finalizedFeaturesEpoch: int64({ since: 3, tag: 1, default: -1, ignorable: true }),
    finalizedFeatures: array(
      {
        name: string(),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      },
      { since: 3, tag: 2, ignorable: true },
    ),
    zkMigrationReady: bool({ since: 3, tag: 3, default: false, ignorable: true }),
  },
);
export type ApiVersionsResponse = Decoded<typeof apiVersionsResponse>;

export const apiVersionsApi = api(18, apiVersionsRequest, apiVersionsResponse);
