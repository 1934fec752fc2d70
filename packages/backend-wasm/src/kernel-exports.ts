/** What a kernel module exports: functions of 32-bit numbers, addresses among them, by the names they have in `assembly/`. */
export type KernelExports = { readonly [name: string]: (...numbers: number[]) => number };
