#!/usr/bin/env node
import { runProcess } from "@millrace/cli";

await runProcess();
