import { applicationId } from "../topics.ts";

export const countsTopic = "counts";
export const ticksTopic = "ticks";
export const echoesTopic = "echoes";
export const wordStoreName = "word-store";
export const wordsTopic = `${applicationId}-${wordStoreName}-repartition`;
export const wordChangelogTopic = `${applicationId}-${wordStoreName}-changelog`;

export function wordsOf(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}
