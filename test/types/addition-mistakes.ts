// Mistakes with what has no counterpart in Kafka Streams, and what the compiler says of them.
import { calendar, customWindows } from "millrace";

//! Argument of type '"day"' is not assignable to parameter of type '"A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })"'.
calendar("day");

//! Argument of type '"day"' is not assignable to parameter of type '"A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })"'.
calendar("day", {});

//! Argument of type '"fortnight"' is not assignable to parameter of type '"day" | "month" | "quarter" | "week" | "year"'.
calendar("fortnight", { timeZone: "UTC" });

//! Type '"Monday"' is not assignable to type '"friday" | "monday" | "saturday" | "sunday" | "thursday" | "tuesday" | "wednesday" | undefined'. Did you mean '"monday"'?
calendar("week", { timeZone: "UTC", weekStartsOn: "Monday" });

//! Property 'size' is missing in type '{ windowsFor: () => never[]; }' but required in type 'CustomWindowsOptions'.
customWindows({ windowsFor: () => [] });
