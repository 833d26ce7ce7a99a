/**
 * Files that every schema may import without a reference, beside `google/protobuf/*`: Google's common types and those
 * of Confluent's connectors. Names, numbers and types alone.
 */
const proto3 = (packageName: string, body: string, ...imports: readonly string[]): string =>
  `syntax = "proto3"; package ${packageName}; ${imports.map((path) => `import "${path}"; `).join("")}${body}`;

const googleType = (body: string, ...imports: readonly string[]): string =>
  proto3("google.type", body, ...imports);

const months =
  "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER";
const days = "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY";

function enumeration(name: string, first: string, others: string): string {
  const constants = [first, ...others.split(" ")];
  return `enum ${name} { ${constants.map((word, index) => `${word} = ${index};`).join(" ")} }`;
}

/** Fields in order, numbered from 1. */
function message(name: string, ...fields: readonly string[]): string {
  return `message ${name} { ${fields.map((field, index) => `${field} = ${index + 1};`).join(" ")} }`;
}

const confluentMeta = proto3(
  "confluent",
  `message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
  ${["File", "Message", "Field", "Enum", "EnumValue"]
    .map((kind) => {
      const name = kind === "EnumValue" ? "enum_value" : kind.toLowerCase();
      return `extend google.protobuf.${kind}Options { Meta ${name}_meta = 1088; }`;
    })
    .join("\n")}`,
  "google/protobuf/descriptor.proto",
);

export const knownTexts: Readonly<Record<string, string>> = {
  "confluent/meta.proto": confluentMeta,
  "confluent/type/decimal.proto": proto3(
    "confluent.type",
    message("Decimal", "bytes value", "uint32 precision", "int32 scale"),
  ),
  "google/type/calendar_period.proto": googleType(
    enumeration(
      "CalendarPeriod",
      "CALENDAR_PERIOD_UNSPECIFIED",
      "DAY WEEK FORTNIGHT MONTH QUARTER HALF YEAR",
    ),
  ),
  "google/type/color.proto": googleType(
    message("Color", "float red", "float green", "float blue", "google.protobuf.FloatValue alpha"),
    "google/protobuf/wrappers.proto",
  ),
  "google/type/date.proto": googleType(message("Date", "int32 year", "int32 month", "int32 day")),
  "google/type/datetime.proto": googleType(
    `message DateTime { int32 year = 1; int32 month = 2; int32 day = 3; int32 hours = 4; int32 minutes = 5;
      int32 seconds = 6; int32 nanos = 7;
      oneof time_offset { google.protobuf.Duration utc_offset = 8; TimeZone time_zone = 9; } }
    ${message("TimeZone", "string id", "string version")}`,
    "google/protobuf/duration.proto",
  ),
  "google/type/dayofweek.proto": googleType(
    enumeration("DayOfWeek", "DAY_OF_WEEK_UNSPECIFIED", days),
  ),
  "google/type/decimal.proto": googleType(message("Decimal", "string value")),
  "google/type/expr.proto": googleType(
    message("Expr", "string expression", "string title", "string description", "string location"),
  ),
  "google/type/fraction.proto": googleType(
    message("Fraction", "int64 numerator", "int64 denominator"),
  ),
  "google/type/interval.proto": googleType(
    message(
      "Interval",
      "google.protobuf.Timestamp start_time",
      "google.protobuf.Timestamp end_time",
    ),
    "google/protobuf/timestamp.proto",
  ),
  "google/type/latlng.proto": googleType(message("LatLng", "double latitude", "double longitude")),
  "google/type/money.proto": googleType(
    message("Money", "string currency_code", "int64 units", "int32 nanos"),
  ),
  "google/type/month.proto": googleType(enumeration("Month", "MONTH_UNSPECIFIED", months)),
  "google/type/phone_number.proto": googleType(
    `message PhoneNumber { oneof kind { string e164_number = 1; ShortCode short_code = 2; } string extension = 3;
      ${message("ShortCode", "string region_code", "string number")} }`,
  ),
  "google/type/postal_address.proto": googleType(
    message(
      "PostalAddress",
      "int32 revision",
      "string region_code",
      "string language_code",
      "string postal_code",
      "string sorting_code",
      "string administrative_area",
      "string locality",
      "string sublocality",
      "repeated string address_lines",
      "repeated string recipients",
      "string organization",
    ),
  ),
  "google/type/quaternion.proto": googleType(
    message("Quaternion", "double x", "double y", "double z", "double w"),
  ),
  "google/type/timeofday.proto": googleType(
    message("TimeOfDay", "int32 hours", "int32 minutes", "int32 seconds", "int32 nanos"),
  ),
};
