export const applicationId = "simulated";
export const linesTopic = "lines";
/** The other side of joins, or a table. */
export const rowsTopic = "rows";
export const resultsTopic = "results";
export const inputTopics = [linesTopic, rowsTopic] as const;
export const partitionCount = 2;

/** Of a topic or a partition: a record of it goes as soon as a later one of its key stands. */
export function isCompacted(name: string): boolean {
  return /-changelog(?:-\d+)?$/.test(name);
}

export type InputTopic = (typeof inputTopics)[number];
