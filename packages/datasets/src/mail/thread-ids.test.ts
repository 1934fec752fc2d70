import fc from "fast-check";
import { expect, test } from "vitest";
import { threadIds } from "../index.ts";

test("connects mails over a mail that is not there", () => {
  const mails = [
    { messageId: "<c>", references: ["<a>"] },
    { messageId: "<b>", references: ["<a>"] },
    { messageId: "<d>", references: [] },
    { messageId: undefined, references: ["<b>"] },
    { messageId: undefined, references: [] },
  ];
  expect(threadIds(mails)).toEqual(["<a>", "<a>", "<d>", "<a>", "mail 4"]);
});

const mails = fc
  .array(fc.record({ messageId: fc.nat(12), references: fc.array(fc.nat(12), { maxLength: 3 }) }))
  .map((drawn) =>
    drawn.map(({ messageId, references }) => ({
      messageId: `<${messageId}>`,
      references: references.map((id) => `<${id}>`),
    })),
  );

test("equals a naive search for the smallest connected id", () => {
  fc.assert(
    fc.property(mails, (list) => {
      const reach = (id: string) => {
        const found = new Set([id]);
        for (let before = 0; before < found.size; ) {
          before = found.size;
          for (const { messageId, references } of list) {
            const ids = [messageId, ...references];
            if (ids.some((one) => found.has(one))) for (const one of ids) found.add(one);
          }
        }
        return [...found].sort()[0];
      };
      expect(threadIds(list)).toEqual(list.map(({ messageId }) => reach(messageId)));
    }),
  );
});

test("does not depend on the order of the mails", () => {
  fc.assert(
    fc.property(mails, (list) => {
      expect([...threadIds([...list].reverse())].reverse()).toEqual(threadIds(list));
    }),
  );
});
