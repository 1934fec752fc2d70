import { cpu, tfjs } from "@kindred/tensor";
import { describe } from "vitest";
import { formLaws } from "../test-support/form-laws.ts";

describe.each([cpu(), tfjs()])("on $name", (engine) => formLaws(() => engine.start()));
