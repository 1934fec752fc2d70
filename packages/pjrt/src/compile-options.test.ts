import { expect, test } from "vitest";
import { encodeCompileOptions } from "./compile-options.ts";

const hex = (options: Parameters<typeof encodeCompileOptions>[0]) =>
  Buffer.from(encodeCompileOptions(options)).toString("hex");

test("writes the bytes that protobuf writes", () => {
  expect(hex({ replicas: 1 })).toBe("1a0420012801");
  expect(hex({ replicas: 8 })).toBe("1a0420082801");
  expect(hex({ replicas: 1, portable: true })).toBe("1a04200128012001");
  const eight = hex({ replicas: 8, deviceIds: [0, 1, 2, 3, 4, 5, 6, 7] });
  expect(eight).toBe("1a16200828014a10080810011a0a0a080001020304050607");
});

test("writes an id of several bytes", () => {
  expect(hex({ replicas: 1, deviceIds: [2048] })).toBe("1a10200128014a0a080110011a040a028010");
});
