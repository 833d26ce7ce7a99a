export const applicationId = "simulated";
export const linesTopic = "lines";
/** The other side of joins, or a table. */
export const rowsTopic = "rows";
export const resultsTopic = "results";
export const inputTopics = [linesTopic, rowsTopic] as const;
export const partitionCount = 2;

export type InputTopic = (typeof inputTopics)[number];
