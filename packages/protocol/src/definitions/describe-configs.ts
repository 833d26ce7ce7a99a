import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeConfigs (key 32)
 *
 *  1  source and synonyms
 *  3  type and documentation
 *  4  flexible
 */

export const describeConfigsRequest = message(
  "DescribeConfigsRequest",
  { min: 1, max: 4, flexibleSince: 4 },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: array(string(), { nullable: true }),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ since: 3, default: false }),
  },
);
export type DescribeConfigsRequest = Decoded<typeof describeConfigsRequest>;

export const describeConfigsResponse = message(
  "DescribeConfigsResponse",
  { min: 1, max: 4, flexibleSince: 4 },
  {
    throttleTimeMs: int32(),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: true }),
        readOnly: bool(),
        configSource: int8({ default: -1 }),
        isSensitive: bool(),
        synonyms: array({
          name: string(),
          value: string({ nullable: true }),
          source: int8(),
        }),
        configType: int8({ since: 3, default: 0, ignorable: true }),
        documentation: string({ since: 3, nullable: true, ignorable: true }),
      }),
    }),
  },
);
export type DescribeConfigsResponse = Decoded<typeof describeConfigsResponse>;

export const describeConfigsApi = api(32, describeConfigsRequest, describeConfigsResponse);
