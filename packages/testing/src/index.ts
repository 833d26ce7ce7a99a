export type { ProducedRecord } from "./produced-record.ts";
export { TestDriverError, type TestDriverErrorCode } from "./test-driver-error.ts";
export type { TopologyTestDriverOptions } from "./driver-options.ts";
export {
  TestInput,
  type InputTimes,
  type PipeAllOptions,
  type PipeOptions,
  type TestInputOptions,
} from "./test-input.ts";
export { TestOutput, type TestOutputOptions, type TestRecord } from "./test-output.ts";
export { TopologyTestDriver } from "./topology-test-driver.ts";
