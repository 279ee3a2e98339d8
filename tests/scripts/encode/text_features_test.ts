import { assertAlmostEquals, assertEquals } from "@std/assert";
import { tfIdf, wordsOf } from "../../../scripts/encode/text_features.ts";

Deno.test("wordsOf: lower case, entities decoded, letters and digits of any script", () => {
  const cases: [string, string[]][] = [
    ["Baby Tracker&reg; - Daily", ["baby", "tracker", "daily"]],
    ["Black &amp; Decker 2-Pack", ["black", "decker", "2", "pack"]],
    ["don&#39;t  ÉTÉ", ["don", "t", "été"]],
    ["ｆｕｌｌ width", ["full", "width"]],
    ["鸭肠 hot", ["鸭肠", "hot"]],
    ["... !", []],
    ["", []],
  ];
  for (const [text, words] of cases) assertEquals(wordsOf(text), words, text);
});

Deno.test("tfIdf: weights follow the documented formula", () => {
  const { matrix, vocabulary } = tfIdf(["red mug mug", "red hat", "blue"], {
    minDocumentFrequency: 1,
  });
  assertEquals(vocabulary, ["blue", "hat", "mug", "mug mug", "red", "red hat", "red mug"]);
  assertEquals([...matrix.rowStart], [0, 4, 7, 8]);
  assertEquals([...matrix.column], [2, 3, 4, 6, 1, 4, 5, 0]);
  const rare = 1 + Math.log(4 / 2), common = 1 + Math.log(4 / 3);
  const first = [(1 + Math.log(2)) * rare, rare, common, rare];
  const length = Math.hypot(...first);
  first.forEach((weight, entry) => {
    assertAlmostEquals(matrix.value[entry]!, weight / length, 1e-7);
  });
  assertEquals(matrix.value[7], 1);
});

Deno.test("tfIdf: rare terms are left out, and a text without known terms has an empty row", () => {
  const { matrix, vocabulary } = tfIdf(["red mug", "odd", "red cup"], { minDocumentFrequency: 2 });
  assertEquals(vocabulary, ["red"]);
  assertEquals([...matrix.rowStart], [0, 1, 1, 2]);
});
