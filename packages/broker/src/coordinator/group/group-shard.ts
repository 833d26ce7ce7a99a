import type { TransactionMarker } from "../coordinator-log.ts";
import { RecordTable, type CoordinatorRecord } from "../coordinator-record.ts";
import type { CoordinatorShard, RecordOrigin } from "../coordinator-shard.ts";
import { ClassicGroup } from "./classic/classic-group.ts";
import { classicReplays, resumeClassicGroup } from "./classic/replay-group.ts";
import type { GroupWorld } from "./group-world.ts";
import { offsetReplays } from "./offsets/offset-record.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import { consumerReplays } from "./consumer/replay-consumer.ts";
import { resumeConsumerGroup } from "./consumer/leave-consumer-group.ts";
import { resumeShareGroup } from "./share/leave-share-group.ts";
import { shareReplays } from "./share/replay-share.ts";
import { ShareGroup } from "./share/share-group.ts";
import { streamsReplays } from "./streams/replay-streams.ts";
import { StreamsGroup } from "./streams/streams-group.ts";
import { resumeStreamsGroup } from "./streams/resume-streams-group.ts";

/** All kinds of records of `__consumer_offsets`: each protocol brings its own. */
export const groupRecords = new RecordTable<GroupWorld>([
  ...offsetReplays,
  ...classicReplays,
  ...consumerReplays,
  ...shareReplays,
  ...streamsReplays,
]);

/** Groups and offsets of one partition of `__consumer_offsets`. */
export class GroupShard implements CoordinatorShard<CoordinatorRecord> {
  readonly world: GroupWorld;

  constructor(world: GroupWorld) {
    this.world = world;
  }

  replay(record: CoordinatorRecord, origin: RecordOrigin): void {
    groupRecords.replay(this.world, record, origin);
  }

  replayMarker(marker: TransactionMarker): void {
    this.world.offsets.decide(marker.producerId, marker.result);
  }

  loaded(): void {
    for (const group of this.world.groups.values())
      if (group instanceof ClassicGroup) resumeClassicGroup(this.world, group);
      else if (group instanceof ConsumerGroup) resumeConsumerGroup(this.world, group);
      else if (group instanceof ShareGroup) resumeShareGroup(this.world, group);
      else if (group instanceof StreamsGroup) resumeStreamsGroup(this.world, group);
  }
}
