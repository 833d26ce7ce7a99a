/** Keeps the ids of inputs and internal topics from one start of the application to the next. */
export interface TopicIdStore {
  /** Where they are kept, for messages. */
  readonly path: string;
  read(): ReadonlyMap<string, string>;
  write(ids: ReadonlyMap<string, string>): Promise<void>;
}
