import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ReadShareGroupStateSummary (key 87): where partitions begin, for the share coordinator has their state.
 *
 * 1  how many records behind the start need not be delivered any more
 */

const readShareGroupStateSummaryRequest = message(
  "ReadShareGroupStateSummaryRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({ partition: int32(), leaderEpoch: int32() }),
    }),
  },
);
export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummaryRequest>;

const readShareGroupStateSummaryResponse = message(
  "ReadShareGroupStateSummaryResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ since: 1, default: -1, ignorable: true }),
      }),
    }),
  },
);

export const readShareGroupStateSummaryApi = api(
  87,
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
);
