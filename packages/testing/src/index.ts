export type { ProducedRecord } from "./produced-record.ts";
export { TestDriverError, type TestDriverErrorCode } from "./test-driver-error.ts";
export {
  TestInput,
  TestOutput,
  type PipeOptions,
  type TestInputOptions,
  type TestRecord,
} from "./test-topics.ts";
export { TopologyTestDriver, type TopologyTestDriverOptions } from "./topology-test-driver.ts";
