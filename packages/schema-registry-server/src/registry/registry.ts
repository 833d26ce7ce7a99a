import type { SchemaFormat } from "@millrace/schema-registry";

import { configWithin, type SubjectConfig } from "../records/subject-config.ts";
import { isReadOnly, type Mode } from "../records/mode.ts";
import { contextOf } from "../records/qualified-subject.ts";
import { RegistryError } from "../registry-error.ts";
import type { RegistryState } from "../state/registry-state.ts";
import type { TopicEntry } from "../topic/schemas-topic.ts";
import type { RegistrySettings } from "./registry-settings.ts";
import { SchemaParser } from "./schema-parser.ts";

/** Where changes go: the topic of the leader. */
export interface RegistryLog {
  /** All that was written before is in the state. */
  readToEnd(): Promise<void>;
  /** Writes, and waits until it is in the state. */
  append(entries: readonly TopicEntry[]): Promise<void>;
}

/** What operations share: the state, the way to change it, and what settings say of a subject. */
export class Registry {
  readonly state: RegistryState;
  readonly log: RegistryLog;
  readonly settings: RegistrySettings;
  readonly parser: SchemaParser;

  constructor(parts: {
    readonly state: RegistryState;
    readonly log: RegistryLog;
    readonly settings: RegistrySettings;
    readonly formats: readonly SchemaFormat[];
  }) {
    this.state = parts.state;
    this.log = parts.log;
    this.settings = parts.settings;
    this.parser = new SchemaParser(parts.state, parts.formats);
  }

  /** Of its own, with the level that holds where none is set; the whole and `:.__GLOBAL:` always have settings. */
  ownConfig(subject: string | undefined): SubjectConfig | undefined {
    const own = this.state.configs.own(subject);
    const hasAlways = subject === undefined || contextOf(subject) === ".__GLOBAL";
    return own === undefined && !hasAlways ? undefined : this.#withLevel(own ?? {});
  }

  /** That holds for a subject. */
  configInScope(subject: string | undefined): SubjectConfig {
    const { configs } = this.state;
    const own = this.ownConfig(subject);
    if (subject === undefined || own === undefined || configs.own(subject) === undefined)
      return this.#withLevel(configs.inScope(subject) ?? {});
    return configWithin(own, configs.own(undefined) ?? {});
  }

  #withLevel(config: SubjectConfig): SubjectConfig {
    const { compatibilityLevel = this.settings.compatibilityLevel } = config;
    return { ...config, compatibilityLevel };
  }

  ownMode(subject: string | undefined): Mode | undefined {
    const hasAlways = subject === undefined || contextOf(subject) === ".__GLOBAL";
    return this.state.modes.own(subject) ?? (hasAlways ? "READWRITE" : undefined);
  }

  modeInScope(subject: string | undefined): Mode {
    return this.state.modes.inScope(subject) ?? "READWRITE";
  }

  /** @throws RegistryError `OPERATION_NOT_PERMITTED` */
  checkWritable(subject: string | undefined): void {
    const mode = this.modeInScope(subject);
    if (!isReadOnly(mode)) return;
    throw notPermitted(subject, `is ${mode}`);
  }
}

export function notPermitted(subject: string | undefined, why: string): RegistryError {
  const what = subject === undefined ? "the registry" : `subject ${JSON.stringify(subject)}`;
  return new RegistryError("OPERATION_NOT_PERMITTED", `${what} ${why}`);
}
