// Loads what the application and its broker's thread load, tells when it has, and ends: what the start of a process costs
// here and now before anything is done.
import "millrace";
import "@millrace/broker";

process.stdout.write(`${Date.now()}\n`);
