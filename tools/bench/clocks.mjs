/** Seconds of elapsed time, and of processor time of all threads of this process together, since some moment. */
export function clocks() {
  const { user, system } = process.cpuUsage();
  return { elapsed: performance.now() / 1000, processor: (user + system) / 1e6 };
}

/** What has gone by since. @param {ReturnType<typeof clocks>} from */
export function since(from) {
  const now = clocks();
  return { elapsed: now.elapsed - from.elapsed, processor: now.processor - from.processor };
}
