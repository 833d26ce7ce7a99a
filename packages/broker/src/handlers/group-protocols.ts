import type { BrokerConfig } from "../config/broker-config.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";

/** Group protocols besides the classic one. */
export type GroupProtocol = "consumer" | "share" | "streams";

const featureOf = {
  consumer: "group.version",
  share: "share.version",
  streams: "streams.version",
} as const satisfies Record<GroupProtocol, string>;

/**
 * Which protocols are served: those of `group.coordinator.rebalance.protocols` whose feature is on. Share groups need the
 * one or the other, as with Kafka.
 */
export class GroupProtocols {
  readonly #config: BrokerConfig;
  readonly #image: MetadataImage;

  constructor(config: BrokerConfig, image: MetadataImage) {
    this.#config = config;
    this.#image = image;
  }

  serves(protocol: GroupProtocol): boolean {
    const isNamed = this.#config.list("group.coordinator.rebalance.protocols").includes(protocol);
    const isOn = (this.#image.features.get(featureOf[protocol]) ?? 0) > 0;
    return protocol === "share" ? isNamed || isOn : isNamed && isOn;
  }
}
