// The browser that tests of pages run in: Debian's chromium, or what else the machine has of its kind.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Where it lies; undefined if there is none. */
export const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** Starts it, without a window. */
export function startBrowser() {
  return chromium.launch({
    ...(browserPath === undefined ? {} : { executablePath: browserPath }),
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
}
