/**
 * The code points that each code point maps to, from a generated table: `code=a+b`, hexadecimal, space between; an entry without a
 * code is for the code point after the last one's.
 */
export function parseMappings(table: string): Map<number, readonly number[]> {
  const mappings = new Map<number, readonly number[]>();
  let code = -1;
  for (const entry of table.split(" ")) {
    const [label, parts] = entry.split("=");
    code = label === "" ? code + 1 : Number.parseInt(label!, 16);
    mappings.set(
      code,
      parts!.split("+").map((part) => Number.parseInt(part, 16)),
    );
  }
  return mappings;
}
