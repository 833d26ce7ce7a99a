/** Keeps the ids of input topics from one start of the application to the next. */
export interface TopicIdStore {
  read(): ReadonlyMap<string, string>;
  write(ids: ReadonlyMap<string, string>): Promise<void>;
}
