export const packageName = "@millrace/rxjs";
