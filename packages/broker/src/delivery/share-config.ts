import type { BrokerConfig } from "../config/broker-config.ts";
import { shareOffsetResetOf, type ShareOffsetReset } from "../config/share-offset-reset.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { ShareLimits } from "./partition/share-window.ts";

/** What is set for the delivery to a group (Kafka: `share.*` of the group, else `group.share.*`). */
export interface ShareDeliveryConfig extends ShareLimits {
  readonly offsetReset: ShareOffsetReset;
  /** `share.isolation.level` */
  readonly isCommittedOnly: boolean;
}

export function shareDeliveryConfigOf(
  config: BrokerConfig,
  image: MetadataImage,
): (groupId: string) => ShareDeliveryConfig {
  return (groupId) => {
    const own = image.groupProperties(groupId);
    const number = (name: string) =>
      own.has(`share.${name}`)
        ? Number(own.get(`share.${name}`))
        : config.number(`group.share.${name}`);
    return {
      deliveryCountMax: number("delivery.count.limit"),
      inFlightMax: number("partition.max.record.locks"),
      lockMs: number("record.lock.duration.ms"),
      isRenewEnabled: own.get("share.renew.acknowledge.enable") !== "false",
      isCommittedOnly: own.get("share.isolation.level") === "read_committed",
      offsetReset: shareOffsetResetOf(own.get("share.auto.offset.reset") ?? "latest") ?? {
        kind: "latest",
      },
    };
  };
}
