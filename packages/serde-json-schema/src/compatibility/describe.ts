import type { DifferenceKind } from "./difference-kinds.ts";

/** A sentence for people: what is unlike, and where. */
export function describeDifference(kind: DifferenceKind, path: string): string {
  return `at ${path} ${sentences[kind] ?? byEnding(kind)}`;
}

function byEnding(kind: DifferenceKind): string {
  const [subject, sentence] = endings.flatMap(([ending, words]) =>
    kind.endsWith(ending) ? [[kind.slice(0, -ending.length), words]] : [],
  )[0] ?? [kind, "is not as it was"];
  return `${keyword(subject)} ${sentence}`;
}

/** As the schema spells it: `MAX_LENGTH` is maxLength. */
function keyword(subject: string): string {
  return subject.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

const endings: readonly (readonly [string, string])[] = [
  ["_ADDED", "is new, and refuses values that were allowed"],
  ["_REMOVED", "is gone"],
  ["_INCREASED", "is larger than it was"],
  ["_DECREASED", "is smaller than it was"],
  ["_EXPANDED", "is larger than it was"],
  ["_REDUCED", "is smaller than it was"],
  ["_EXTENDED", "takes more than it did"],
  ["_NARROWED", "takes less than it did"],
  ["_CHANGED", "is another than it was"],
];

const open =
  "what was written there so far may be of any type, since other properties were allowed";

/** Where the name of the kind does not say it. */
const sentences: Partial<Record<DifferenceKind, string>> = {
  SCHEMA_ADDED: "there is a schema where there was none",
  SCHEMA_REMOVED: "there is no schema any more",
  TYPE_EXTENDED: "numbers are allowed where integers were",
  TYPE_NARROWED: "only integers are allowed where numbers were",
  TYPE_CHANGED: "the type is another than it was",
  REQUIRED_ATTRIBUTE_ADDED: "the property is required, was not, and has no default",
  REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED: "the property is required, was not, and has a default",
  REQUIRED_ATTRIBUTE_REMOVED: "the property is not required any more",
  REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: `the property is new, required, and has no default; ${open}`,
  REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL: `the property is new; ${open}`,
  OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: `the property is new; ${open}`,
  PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: "the property is new, and takes anything",
  REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL:
    "the property is new, required, and has no default: what was written so far lacks it",
  REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL:
    "the property is new, required, and has a default",
  OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: "the property is new, and not required",
  PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL:
    "the property is gone, and other properties are allowed",
  PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL:
    "the property is gone, and other properties are not allowed: what was written so far may have it",
  PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL:
    "the property is gone, and was never allowed",
  PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the property is new, and takes what was allowed of other properties",
  PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the property is new, and does not take all that was allowed of other properties",
  PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the property is gone, and what it took is allowed of other properties",
  PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the property is gone, and what it took is not allowed of other properties",
  ITEM_ADDED_TO_OPEN_CONTENT_MODEL: "the item has a schema, and anything was allowed there",
  ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: "the item is new, and takes anything",
  ITEM_ADDED_TO_CLOSED_CONTENT_MODEL: "the item is new",
  ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL: "the item is gone, and others are allowed",
  ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL: "the item is gone, and others are not allowed",
  ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL: "the item is gone, and was never allowed",
  ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the item is new, and takes what was allowed of others",
  ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the item is new, and does not take all that was allowed of others",
  ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the item is gone, and what it took is allowed of others",
  ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL:
    "the item is gone, and what it took is not allowed of others",
  ADDITIONAL_PROPERTIES_ADDED: "other properties are allowed, and were not",
  ADDITIONAL_PROPERTIES_REMOVED: "other properties are not allowed any more",
  UNEVALUATED_PROPERTIES_ADDED: "other properties are allowed, and were not",
  UNEVALUATED_PROPERTIES_REMOVED: "other properties are not allowed any more",
  ADDITIONAL_ITEMS_ADDED: "other items are allowed, and were not",
  ADDITIONAL_ITEMS_REMOVED: "other items are not allowed any more",
  UNEVALUATED_ITEMS_ADDED: "other items are allowed, and were not",
  UNEVALUATED_ITEMS_REMOVED: "other items are not allowed any more",
  DEPENDENCY_ARRAY_ADDED: "the property asks for others, and did not",
  DEPENDENCY_ARRAY_EXTENDED: "the property asks for more others than it did",
  DEPENDENCY_ARRAY_NARROWED: "the property asks for fewer others than it did",
  DEPENDENCY_ARRAY_CHANGED: "the property asks for others than it did",
  DEPENDENCY_SCHEMA_ADDED: "the property's presence asks for a schema, and did not",
  ENUM_ARRAY_EXTENDED: "more values are allowed",
  ENUM_ARRAY_NARROWED: "fewer values are allowed",
  ENUM_ARRAY_CHANGED: "values that were allowed are not any more",
  COMBINED_TYPE_EXTENDED: "schemas are combined in a way that takes more than before",
  COMBINED_TYPE_CHANGED: "schemas are combined in another way, such as allOf for anyOf",
  COMBINED_TYPE_SUBSCHEMAS_CHANGED: "not every combined schema has one that takes what it took",
  PRODUCT_TYPE_EXTENDED: "there are more schemas that all have to match",
  PRODUCT_TYPE_NARROWED: "there are fewer schemas that all have to match",
  SUM_TYPE_EXTENDED: "there are more schemas of which one has to match",
  SUM_TYPE_NARROWED: "there are fewer schemas of which one has to match",
  NOT_TYPE_EXTENDED: "more is excluded than was",
  NOT_TYPE_NARROWED: "no more is excluded than was",
};
