import { type Api, errorCodeOf, type Given } from "@millrace/protocol";
import {
  apiVersionsApi,
  type ApiVersionsRequest,
  type apiVersionsResponse,
} from "@millrace/protocol/definitions";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { supportedFeatures } from "../metadata/features.ts";
import type { Handler } from "../server/handler.ts";
import type { RequestContext } from "../server/request-context.ts";

/*
 * ApiVersions, versions 0 to 4; any other is answered in the form of version 0, with UNSUPPORTED_VERSION and the
 * row of ApiVersions itself (KIP-511).
 *   3  the client's name and version are checked
 *   4  features whose lowest version is 0 are told (KAFKA-17011)
 */

type Response = Given<typeof apiVersionsResponse>;
type Row = ReturnType<typeof rowOf>;

/** Kafka: `ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN`. */
const softwarePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

export class ApiVersionsHandler implements Handler<ApiVersionsRequest | undefined, Response> {
  readonly api = apiVersionsApi;
  readonly #image: MetadataImage;
  readonly #apis: () => readonly Api[];
  /** The same for whoever asks. */
  #rows: readonly Row[] | undefined;

  /** @param apis what is served, asked for when all handlers are there */
  constructor(image: MetadataImage, apis: () => readonly Api[]) {
    this.#image = image;
    this.#apis = apis;
  }

  handle(context: RequestContext, request: ApiVersionsRequest | undefined): Response {
    const answer = this.answer(context.apiVersion, request);
    if (request !== undefined && context.apiVersion >= 3 && answer.errorCode === 0)
      context.setSoftware({
        name: request.clientSoftwareName,
        version: request.clientSoftwareVersion,
      });
    return { ...answer, throttleTimeMs: context.throttleMs };
  }

  /** To whoever asks, known or not. @param request undefined: the version is not known */
  answer(version: number, request: ApiVersionsRequest | undefined): Response {
    if (request === undefined)
      return { errorCode: errorCodeOf("UNSUPPORTED_VERSION"), apiKeys: [rowOf(apiVersionsApi)] };
    if (version >= 3 && !isValid(request))
      return { errorCode: errorCodeOf("INVALID_REQUEST"), apiKeys: [] };
    const levels = [...this.#image.features].filter(([, level]) => level > 0);
    return {
      errorCode: 0,
      apiKeys: (this.#rows ??= this.#apis().map(rowOf)),
      supportedFeatures: supportedFeatures.filter(
        ({ minVersion }) => version >= 4 || minVersion > 0,
      ),
      finalizedFeaturesEpoch: this.#image.appliedOffset,
      finalizedFeatures: levels.map(([name, level]) => ({
        name,
        maxVersionLevel: level,
        minVersionLevel: level,
      })),
    };
  }
}

function isValid(request: ApiVersionsRequest): boolean {
  return (
    softwarePattern.test(request.clientSoftwareName) &&
    softwarePattern.test(request.clientSoftwareVersion)
  );
}

function rowOf(api: Api) {
  return { apiKey: api.key, minVersion: api.advertisedMin, maxVersion: api.versions.max };
}
