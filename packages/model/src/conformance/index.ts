export {
  check,
  checkEqual,
  codeOf,
  ConformanceFailure,
  failureCodeOf,
  failureOf,
  type ConformanceCase,
} from "./conformance-case.ts";
