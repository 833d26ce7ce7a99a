import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterReplicaLogDirs (key 34)
 *
 *  2  flexible
 */

export const alterReplicaLogDirsRequest = message(
  "AlterReplicaLogDirsRequest",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    dirs: array({
      path: string(),
      topics: array({
        name: string(),
        partitions: array(int32()),
      }),
    }),
  },
);
export type AlterReplicaLogDirsRequest = Decoded<typeof alterReplicaLogDirsRequest>;

export const alterReplicaLogDirsResponse = message(
  "AlterReplicaLogDirsResponse",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    results: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);
export type AlterReplicaLogDirsResponse = Decoded<typeof alterReplicaLogDirsResponse>;

export const alterReplicaLogDirsApi = api(
  34,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
);
