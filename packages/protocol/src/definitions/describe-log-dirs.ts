import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeLogDirs (key 35)
 *
 *  2  flexible
 *  3  an error of the whole request
 *  4  sizes of the volume
 *  5  directories that take no new partitions
 */

export const describeLogDirsRequest = message(
  "DescribeLogDirsRequest",
  { min: 1, max: 5, flexibleSince: 2 },
  {
    topics: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { nullable: true },
    ),
  },
);
export type DescribeLogDirsRequest = Decoded<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = message(
  "DescribeLogDirsResponse",
  { min: 1, max: 5, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    errorCode: int16({ since: 3, ignorable: true }),
    results: array({
      errorCode: int16(),
      logDir: string(),
      topics: array({
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          partitionSize: int64(),
          offsetLag: int64(),
          isFutureKey: bool(),
        }),
      }),
      totalBytes: int64({ since: 4, default: -1, ignorable: true }),
      usableBytes: int64({ since: 4, default: -1, ignorable: true }),
      isCordoned: bool({ since: 5, default: false, ignorable: true }),
    }),
  },
);
export type DescribeLogDirsResponse = Decoded<typeof describeLogDirsResponse>;

export const describeLogDirsApi = api(35, describeLogDirsRequest, describeLogDirsResponse);
