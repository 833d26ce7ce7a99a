import {
  SchemaRegistryError,
  type SchemaRegistryErrorCode,
  type SchemaRegistryErrorDetails,
} from "../registry/schema-registry-error.ts";
import type { RegistryRequest } from "./registry-request.ts";

/** How much of an answer's text an error repeats. */
const textLengthMax = 2000;

/** What came back, read. */
export interface RegistryAnswer {
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly location: string | null;
  readonly text: string;
}

/** What is wrong with an answer; undefined: nothing, it is JSON. */
export function failureOf(
  request: RegistryRequest,
  answer: RegistryAnswer,
  json: unknown,
): SchemaRegistryError | undefined {
  const { status } = answer;
  if (status === 401 || status === 403 || status === 407) return denied(request, answer, json);
  if (status === 429 || (status >= 500 && status !== 501))
    return unavailable(request, answer, json);
  if (status === 0 || (status >= 300 && status < 400)) return redirected(request, answer);
  if (json === undefined && status !== 204) return noJson(request, answer);
  if (status < 300) return undefined;
  const refusal = refusalOf(json);
  return refusal === undefined ? noJson(request, answer) : refused(request, answer, refusal);
}

interface Refusal {
  readonly errorCode: number;
  readonly message: string;
}

function refusalOf(json: unknown): Refusal | undefined {
  if (typeof json !== "object" || json === null || !("error_code" in json)) return undefined;
  const { error_code: errorCode } = json;
  if (typeof errorCode !== "number") return undefined;
  return { errorCode, message: "message" in json ? String(json.message) : "" };
}

const codes: Readonly<Record<number, SchemaRegistryErrorCode>> = {
  40401: "SUBJECT_NOT_FOUND",
  40402: "VERSION_NOT_FOUND",
  40403: "SCHEMA_NOT_FOUND",
  409: "SCHEMA_INCOMPATIBLE",
  40901: "SCHEMA_INCOMPATIBLE",
  42201: "SCHEMA_REFUSED",
};

function refused(
  request: RegistryRequest,
  { url, status }: RegistryAnswer,
  { errorCode, message: told }: Refusal,
): SchemaRegistryError {
  const message = cut(told);
  const code = codes[errorCode] ?? "REQUEST_REFUSED";
  const incompatibleWith = /oldSchemaVersion: (\d+)/.exec(message)?.[1];
  return error(
    code,
    `${nameOf(request)}: ${url} says: ${cut(withoutSchema(told))} (${errorCode})`,
    {
      request,
      status,
      errorCode,
      registryMessage: message,
      ...(code === "SCHEMA_INCOMPATIBLE" && incompatibleWith !== undefined
        ? { version: Number(incompatibleWith) }
        : {}),
    },
  );
}

function denied(
  request: RegistryRequest,
  { url, status }: RegistryAnswer,
  json: unknown,
): SchemaRegistryError {
  const refusal = refusalOf(json);
  const said = refusal === undefined ? "" : `: ${cut(refusal.message)}`;
  return error(
    "ACCESS_DENIED",
    `${nameOf(request)}: ${url} answered ${status}${said}; check auth, and what the registry allows`,
    {
      request,
      status,
      errorCode: refusal?.errorCode,
      registryMessage: refusal && cut(refusal.message),
    },
  );
}

function unavailable(
  request: RegistryRequest,
  { url, status, text }: RegistryAnswer,
  json: unknown,
): SchemaRegistryError {
  const refusal = refusalOf(json);
  const said = refusal === undefined ? firstLineOf(text) : cut(refusal.message);
  return error("REGISTRY_UNAVAILABLE", `${nameOf(request)}: ${url} answered ${status}: ${said}`, {
    request,
    status,
    errorCode: refusal?.errorCode,
    registryMessage: refusal && cut(refusal.message),
    retriable: true,
  });
}

function redirected(
  request: RegistryRequest,
  { url, status, location }: RegistryAnswer,
): SchemaRegistryError {
  const to = location === null ? "" : ` to ${cut(location)}`;
  return error(
    "NOT_A_REGISTRY",
    `${nameOf(request)}: ${url} redirects${to}, which a registry does not; check the address: a proxy or a sign-in page may stand before it`,
    { request, status },
  );
}

/** JSON that breaks off may come whole the next time; a page in HTML stays one. */
function noJson(
  request: RegistryRequest,
  { url, status, contentType, text }: RegistryAnswer,
): SchemaRegistryError {
  const isMeantAsJson = /json/.test(contentType);
  const what = isMeantAsJson
    ? "JSON that is no registry's, or that breaks off"
    : `${contentType === "" ? "something" : contentType} instead of JSON`;
  return error(
    "NOT_A_REGISTRY",
    `${nameOf(request)}: ${url} answered ${status} with ${what} (${firstLineOf(text)}); check the address: a proxy or another server may stand before the registry`,
    { request, status, retriable: isMeantAsJson && status < 300 },
  );
}

/** An answer whose JSON is not what the call gives. */
export function unexpectedAnswer(request: RegistryRequest, url: string): SchemaRegistryError {
  return error(
    "NOT_A_REGISTRY",
    `${nameOf(request)}: ${url} answered with JSON that is no registry's; check the address`,
    { request },
  );
}

/** Of a refused schema: which version stands against it is said, all of its text helps nobody. */
function withoutSchema(message: string): string {
  const from = message.indexOf(", {oldSchema: '");
  if (from < 0) return message;
  const settings = /, \{\w+: '[^'{}]{0,100}'(?:, \w+: '[^'{}]{0,100}')?\}\]$/.exec(
    message.slice(-500),
  );
  return `${message.slice(0, from)}${settings?.[0] ?? "]"}`;
}

/** How messages call a request. */
export function nameOf({ method, path }: RegistryRequest): string {
  return `${method} ${path}`;
}

export function error(
  code: SchemaRegistryErrorCode,
  message: string,
  { request, ...details }: SchemaRegistryErrorDetails & { readonly request: RegistryRequest },
): SchemaRegistryError {
  const { subject, version } = request;
  return new SchemaRegistryError(code, message, { subject, version, ...details });
}

function cut(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text;
}

function firstLineOf(text: string): string {
  const line = text.trimStart().split("\n", 1)[0].slice(0, 100).trim();
  return line === "" ? "an empty answer" : line;
}
