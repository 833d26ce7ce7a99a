/** How much is measured (Kafka: `metrics.recording.level`): each has what those before it have. */
export const recordingLevels = ["info", "debug", "trace"] as const;

export type RecordingLevel = (typeof recordingLevels)[number];

/** True: at that level, what belongs to `wanted` is measured. */
export function isRecorded(wanted: RecordingLevel, level: RecordingLevel): boolean {
  return recordingLevels.indexOf(level) >= recordingLevels.indexOf(wanted);
}
