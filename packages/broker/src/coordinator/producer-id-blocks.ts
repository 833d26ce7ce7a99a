/** Where new producer ids come from (Kafka: AllocateProducerIds, `ProducerIdsRecord`). */
export interface ProducerIdBlocks {
  /** The next block; no id of it was or will be handed out by anybody else, whatever crashes. */
  allocate(): Promise<ProducerIdBlock>;
}

export interface ProducerIdBlock {
  readonly firstProducerId: number;
  /** Ids in the block (Kafka: 1000). */
  readonly size: number;
}
