import type { Clock } from "@millrace/platform";
import type { SchemaRegistryError } from "../registry/schema-registry-error.ts";
import type {
  CallOptions,
  NewSchema,
  RegisteredSchema,
  RegisterOptions,
  Registration,
  SchemaRegistry,
  SubjectVersion,
} from "../registry/schema-registry.ts";
import {
  clusterIds,
  compatibility,
  config,
  contextId,
  listOf,
  mode,
  nothing,
  number,
  registeredSchema,
  registration,
  registryVersion,
  subjectVersion,
  subjectVersionName,
  text,
  type ContextId,
  type RegistryCompatibility,
  type RegistryConfig,
  type RegistryMode,
  type RegistryVersion,
  type Shape,
  type SubjectVersionName,
} from "./answer-shapes.ts";
import type {
  CompatibilityOptions,
  DeleteOptions,
  LookUpOptions,
  PageOptions,
  SchemasOptions,
  SubjectOptions,
  SubjectsOptions,
  VersionOptions,
  VersionsOptions,
} from "./call-options.ts";
import { RegistryCalls } from "./registry-calls.ts";
import {
  registryClientSettings,
  type RegistryClientSettings,
  type SchemaRegistryClientOptions,
} from "./registry-client-options.ts";
import { RegistryLink } from "./registry-link.ts";
import { pathOf } from "./registry-request.ts";
import { SchemaCache } from "./schema-cache.ts";

/**
 * A schema registry over HTTP: Confluent's from 7.0, or another with its REST API (Confluent:
 * `CachedSchemaRegistryClient`). One client serves all serdes of a program. Schemas by id, GUID or number are asked for
 * once; a call is tried again, at each address, while nothing answers or answers are 429 or 5xx.
 *
 * Calls reject with a `SchemaRegistryError`, or with the reason of their signal.
 *
 * @throws OptionError from the constructor, for options that are none
 * @example
 * await using registry = new SchemaRegistryClient({ url: "http://localhost:8081" });
 * const { id } = await registry.register("orders-value", { schema: '"string"' });
 * console.log(await registry.schemaById(id));
 */
export class SchemaRegistryClient implements SchemaRegistry {
  readonly name: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly #settings: RegistryClientSettings;
  readonly #link: RegistryLink;
  readonly #calls: RegistryCalls;
  readonly #byId: SchemaCache<RegisteredSchema>;
  readonly #byVersion: SchemaCache<SubjectVersion>;
  #hasToldOfRules = false;

  constructor(options: SchemaRegistryClientOptions) {
    this.#settings = registryClientSettings(options);
    const { urls, world, cachedSchemasMax } = this.#settings;
    this.name = urls.join(",");
    this.clock = world.clock;
    this.#link = new RegistryLink(this.#settings);
    this.#calls = new RegistryCalls(this.#link);
    this.#byId = new SchemaCache(cachedSchemasMax);
    this.#byVersion = new SchemaCache(cachedSchemasMax);
  }

  // What serdes need.

  /** Why it gives nothing at the moment; undefined: it answers, or was not asked yet. */
  get failure(): SchemaRegistryError | undefined {
    return this.#link.failure;
  }

  schemaById(id: number, options?: CallOptions): Promise<RegisteredSchema> {
    return this.#cached(["schemas", "ids", id], options);
  }

  schemaByGuid(guid: string, options?: CallOptions): Promise<RegisteredSchema> {
    return this.#cached(["schemas", "guids", guid], options);
  }

  async referencedVersion(
    subject: string,
    version: number,
    options?: CallOptions,
  ): Promise<SubjectVersion> {
    const key = `${version} ${subject}`;
    const known = this.#byVersion.get(key);
    if (known !== undefined) return known;
    const found = await this.version(subject, version, { ...options, deleted: true });
    this.#byVersion.set(key, found);
    return found;
  }

  latestVersion(subject: string, options?: CallOptions): Promise<SubjectVersion> {
    return this.version(subject, "latest", options);
  }

  register(
    subject: string,
    schema: NewSchema,
    { normalize, signal }: RegisterOptions = {},
  ): Promise<Registration> {
    const path = pathOf(["subjects", subject, "versions"], { normalize });
    return this.#calls.ask({ method: "POST", path, body: schema, subject }, registration, signal);
  }

  lookUp(
    subject: string,
    schema: NewSchema,
    { normalize, deleted, signal }: LookUpOptions = {},
  ): Promise<SubjectVersion> {
    const path = pathOf(["subjects", subject], { normalize, deleted });
    return this.#calls.ask({ method: "POST", path, body: schema, subject }, subjectVersion, signal);
  }

  // Subjects and versions.

  subjects({ signal, ...query }: SubjectsOptions = {}): Promise<readonly string[]> {
    return this.#get(pathOf(["subjects"], query), listOf(text), { signal });
  }

  versions(
    subject: string,
    { signal, ...query }: VersionsOptions = {},
  ): Promise<readonly number[]> {
    const path = pathOf(["subjects", subject, "versions"], query);
    return this.#get(path, listOf(number), { signal, subject });
  }

  async version(
    subject: string,
    version: number | "latest",
    { signal, ...query }: VersionOptions = {},
  ): Promise<SubjectVersion> {
    const path = pathOf(["subjects", subject, "versions", version], query);
    const found = await this.#get(path, subjectVersion, { signal, subject, version });
    this.#tellOfRules(found);
    return found;
  }

  /** The latest version whose metadata has all these properties. */
  latestWithMetadata(
    subject: string,
    properties: Readonly<Record<string, string>>,
    { signal, deleted }: CallOptions & { readonly deleted?: boolean } = {},
  ): Promise<SubjectVersion> {
    const query = { key: Object.keys(properties), value: Object.values(properties), deleted };
    const path = pathOf(["subjects", subject, "metadata"], query);
    return this.#get(path, subjectVersion, { signal, subject });
  }

  /** Ids of the schemas that refer to a version. */
  referencedBy(
    subject: string,
    version: number | "latest",
    { signal, ...query }: VersionsOptions = {},
  ): Promise<readonly number[]> {
    const path = pathOf(["subjects", subject, "versions", version, "referencedby"], query);
    return this.#get(path, listOf(number), { signal, subject, version });
  }

  /** @returns the versions that went */
  deleteSubject(
    subject: string,
    { permanent, signal }: DeleteOptions = {},
  ): Promise<readonly number[]> {
    const path = pathOf(["subjects", subject], { permanent });
    return this.#calls.change({ method: "DELETE", path, subject }, listOf(number), signal);
  }

  /** @returns the number of the version that went */
  deleteVersion(
    subject: string,
    version: number | "latest",
    { permanent, signal }: DeleteOptions = {},
  ): Promise<number> {
    const path = pathOf(["subjects", subject, "versions", version], { permanent });
    return this.#calls.change({ method: "DELETE", path, subject, version }, number, signal);
  }

  // Schemas.

  schemas({ signal, ...query }: SchemasOptions = {}): Promise<readonly SubjectVersion[]> {
    return this.#get(pathOf(["schemas"], query), listOf(subjectVersion), { signal });
  }

  schemaTypes({ signal }: CallOptions = {}): Promise<readonly string[]> {
    return this.#get(pathOf(["schemas", "types"]), listOf(text), { signal });
  }

  subjectsOfId(
    id: number,
    { signal, deleted, offset, limit }: VersionsOptions = {},
  ): Promise<readonly string[]> {
    const path = pathOf(["schemas", "ids", id, "subjects"], { deleted, offset, limit });
    return this.#get(path, listOf(text), { signal });
  }

  versionsOfId(
    id: number,
    { signal, deleted, offset, limit }: VersionsOptions = {},
  ): Promise<readonly SubjectVersionName[]> {
    const path = pathOf(["schemas", "ids", id, "versions"], { deleted, offset, limit });
    return this.#get(path, listOf(subjectVersionName), { signal });
  }

  /** Which id a schema has in each context. */
  idsOfGuid(guid: string, { signal }: CallOptions = {}): Promise<readonly ContextId[]> {
    return this.#get(pathOf(["schemas", "guids", guid, "ids"]), listOf(contextId), { signal });
  }

  // Compatibility, settings, modes.

  /** Whether a schema could be registered, and what hinders it. */
  testCompatibility(
    subject: string,
    schema: NewSchema,
    { version, normalize, signal }: CompatibilityOptions = {},
  ): Promise<RegistryCompatibility> {
    const parts = ["compatibility", "subjects", subject, "versions"];
    const path = pathOf(version === undefined ? parts : [...parts, version], {
      normalize,
      verbose: true,
    });
    const request = { method: "POST", path, body: schema, subject, version } as const;
    return this.#calls.ask(request, compatibility, signal);
  }

  /** The settings that hold, wherever they come from; `isOwn`: those of the subject alone. */
  config({
    subject,
    isOwn = false,
    signal,
  }: SubjectOptions & { readonly isOwn?: boolean } = {}): Promise<RegistryConfig> {
    const path = pathOf(belowSubject("config", subject), { defaultToGlobal: !isOwn });
    return this.#get(path, config, { signal, subject });
  }

  /** Changes what it names. @returns the settings now */
  setConfig(
    change: RegistryConfig,
    { subject, signal }: SubjectOptions = {},
  ): Promise<RegistryConfig> {
    const path = pathOf(belowSubject("config", subject));
    return this.#calls.change({ method: "PUT", path, body: change, subject }, config, signal);
  }

  /** @returns the settings that were */
  deleteConfig({ subject, signal }: SubjectOptions = {}): Promise<RegistryConfig> {
    const path = pathOf(belowSubject("config", subject));
    return this.#calls.change({ method: "DELETE", path, subject }, config, signal);
  }

  /** The mode that holds, wherever it comes from; `isOwn`: that of the subject alone. */
  mode({
    subject,
    isOwn = false,
    signal,
  }: SubjectOptions & { readonly isOwn?: boolean } = {}): Promise<RegistryMode> {
    const path = pathOf(belowSubject("mode", subject), { defaultToGlobal: !isOwn });
    return this.#get(path, mode, { signal, subject });
  }

  /** @param options `force`: IMPORT although there are schemas */
  setMode(
    change: RegistryMode,
    { subject, force, signal }: SubjectOptions & { readonly force?: boolean } = {},
  ): Promise<RegistryMode> {
    const path = pathOf(belowSubject("mode", subject), { force });
    const request = { method: "PUT", path, body: { mode: change }, subject } as const;
    return this.#calls.change(request, mode, signal);
  }

  /** @returns the mode that was */
  deleteMode({
    subject,
    recursive,
    signal,
  }: SubjectOptions & { readonly recursive?: boolean } = {}): Promise<RegistryMode> {
    const path = pathOf(belowSubject("mode", subject), { recursive });
    return this.#calls.change({ method: "DELETE", path, subject }, mode, signal);
  }

  // Contexts and the server.

  contexts({ signal, ...query }: PageOptions = {}): Promise<readonly string[]> {
    return this.#get(pathOf(["contexts"], query), listOf(text), { signal });
  }

  /** Of an empty context. */
  async deleteContext(context: string, { signal }: CallOptions = {}): Promise<void> {
    const path = pathOf(["contexts", context]);
    await this.#calls.change({ method: "DELETE", path }, nothing, signal);
  }

  serverVersion({ signal }: CallOptions = {}): Promise<RegistryVersion> {
    return this.#get(pathOf(["v1", "metadata", "version"]), registryVersion, { signal });
  }

  /** Ids of the registry's and Kafka's clusters, by `schema-registry-cluster` and `kafka-cluster`. */
  clusterIds({ signal }: CallOptions = {}): Promise<Readonly<Record<string, string>>> {
    return this.#get(pathOf(["v1", "metadata", "id"]), clusterIds, { signal });
  }

  /** Ends the calls under way. Calling it twice is fine. */
  async close(): Promise<void> {
    this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #get<T>(path: string, shape: Shape<T>, { signal, subject, version }: AskOptions): Promise<T> {
    return this.#calls.ask({ method: "GET", path, subject, version }, shape, signal);
  }

  async #cached(
    parts: readonly (string | number)[],
    { signal }: CallOptions = {},
  ): Promise<RegisteredSchema> {
    const path = pathOf(parts);
    const known = this.#byId.get(path);
    if (known !== undefined) return known;
    const found = await this.#get(path, registeredSchema, { signal });
    this.#byId.set(path, found);
    this.#tellOfRules(found);
    return found;
  }

  /** Rules change values on their way, encrypt fields for instance: who relies on them must know that nobody does. */
  #tellOfRules(schema: RegisteredSchema): void {
    const { ruleSet } = schema;
    if (this.#hasToldOfRules || ruleSet === undefined) return;
    const hasRules = Object.values(ruleSet).some(
      (rules) => Array.isArray(rules) && rules.length > 0,
    );
    if (!hasRules) return;
    this.#hasToldOfRules = true;
    this.#settings.world.logger.log("warn", "schema-registry.rules-not-applied", {
      registry: this.name,
      advice: "schemas of this registry have rules; they are kept, and not applied to values",
    });
  }
}

interface AskOptions extends CallOptions {
  readonly subject?: string;
  readonly version?: number | "latest";
}

function belowSubject(what: string, subject: string | undefined): readonly string[] {
  return subject === undefined ? [what] : [what, subject];
}
