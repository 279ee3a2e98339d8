import { assertEquals } from "@std/assert";
import { toDense } from "../../src/sparse/graphs.ts";
import { neighbourMix } from "../../src/sparse/neighbour_mix.ts";

Deno.test("each row has the item itself and its neighbours in every modality", () => {
  const lists = [
    { ids: Uint32Array.of(1, 2, 0, 2, 0, 1), k: 2 },
    { ids: Uint32Array.of(2, 2, 0), k: 1 },
  ];
  const [a, b] = [0.25 / (3 + 1e-7), 0.75 / (2 + 1e-7)];
  const expected = [[a + b, a, a + b], [a, a + b, a + b], [a + b, a, a + b]];
  const graph = neighbourMix(lists, [0.25, 0.75], 3);
  assertEquals([...toDense(graph)], expected.flat().map(Math.fround));
});

Deno.test("without others each item is its own neighbour", () => {
  const { rowStart, column } = neighbourMix([{ ids: new Uint32Array(), k: 0 }], [1], 3);
  assertEquals([...rowStart], [0, 1, 2, 3]);
  assertEquals([...column], [0, 1, 2]);
});
