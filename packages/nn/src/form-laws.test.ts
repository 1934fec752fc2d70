import { startBackend } from "@kindred/tensor";
import { describe } from "vitest";
import { formLaws } from "../test-support/form-laws.ts";

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => formLaws(() => startBackend(backend)));
