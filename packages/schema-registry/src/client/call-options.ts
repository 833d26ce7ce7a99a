import type { CallOptions, RegisterOptions } from "../registry/schema-registry.ts";

/** Which part of a long list. */
export interface PageOptions extends CallOptions {
  readonly offset?: number;
  readonly limit?: number;
}

export interface SubjectsOptions extends PageOptions {
  readonly subjectPrefix?: string;
  /** Those that are deleted too. */
  readonly deleted?: boolean;
  readonly deletedOnly?: boolean;
}

export interface VersionsOptions extends PageOptions {
  readonly deleted?: boolean;
  readonly deletedOnly?: boolean;
}

export interface VersionOptions extends CallOptions {
  readonly deleted?: boolean;
  /** Another form of the text, such as `serialized` or `resolved`. */
  readonly format?: string;
}

export interface SchemasOptions extends PageOptions {
  readonly subjectPrefix?: string;
  readonly deleted?: boolean;
  readonly latestOnly?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** For good, once it is deleted (a hard delete). */
  readonly permanent?: boolean;
}

export interface CompatibilityOptions extends CallOptions {
  /** Compares with this version alone. Default: with as many as the subject's level asks for. */
  readonly version?: number | "latest";
  readonly normalize?: boolean;
}

export interface SubjectOptions extends CallOptions {
  /** Default: the whole registry, or the client's context. */
  readonly subject?: string;
}

export interface LookUpOptions extends RegisterOptions {
  readonly deleted?: boolean;
}
