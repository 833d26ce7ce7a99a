import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeShareGroupOffsets (key 90): where share groups stand in partitions.
 *
 * 1  lag
 */

const describeShareGroupOffsetsRequest = message(
  "DescribeShareGroupOffsetsRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    groups: array({
      groupId: string(),
      topics: array({ topicName: string(), partitions: array(int32()) }, { nullable: true }),
    }),
  },
);
export type DescribeShareGroupOffsetsRequest = Decoded<typeof describeShareGroupOffsetsRequest>;

const describeShareGroupOffsetsResponse = message(
  "DescribeShareGroupOffsetsResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    groups: array({
      groupId: string(),
      topics: array({
        topicName: string(),
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
          startOffset: int64(),
          leaderEpoch: int32(),
          lag: int64({ since: 1, default: -1, ignorable: true }),
          errorCode: int16(),
          errorMessage: string({ nullable: true, default: null }),
        }),
      }),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
    }),
  },
);

export const describeShareGroupOffsetsApi = api(
  90,
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
);
