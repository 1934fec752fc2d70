import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { HubError } from "../hub-error.ts";
import { diskError, expectRoom } from "./disk-error.ts";

const systemError = (code: string) => Object.assign(new Error(code), { code });

test.each(["ENOSPC", "EDQUOT"])("%s is a full disk, and says that nothing is lost", (code) => {
  const error = diskError(systemError(code), "/cache");
  expect(error).toMatchObject({ reason: "disk-full", exitCode: 1, details: { path: "/cache", code } });
  expect((error as HubError).message).toMatch(/goes on where it stopped/);
});

test("every other error stays what it is", () => {
  for (const error of [systemError("EACCES"), new HubError("checksum", "x")])
    expect(diskError(error, "/cache")).toBe(error);
});

test("room is asked for before a download", async () => {
  await expectRoom(tmpdir(), 0);
  await expect(expectRoom(tmpdir(), 1e18)).rejects.toMatchObject({
    reason: "disk-full",
    details: { neededBytes: 1e18 },
  });
});
