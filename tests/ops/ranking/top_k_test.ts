/** Lists are the same, bit by bit, wherever scores are gathered from. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats, readIntegers } from "../../../src/gpu/tensor.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { createLists, recordTopK, uploadSeen } from "../../../src/ops/ranking/top_k.ts";
import { createRandom, uniformReal } from "../../../src/random.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { bothGathers } from "../../gpu/gather/both_gathers.ts";

const random = createRandom(5);

Deno.test("lists have the same bits from buffers and from images", async (test) => {
  using opened = await openDevice();
  const sizes = [
    { queries: 3, candidates: 7, width: 4, k: 9 },
    { queries: 30, candidates: 5001, width: 64, k: 20 }, // two tiles
    { queries: 9, candidates: 1030, width: 4096, k: 5 }, // more than one image holds
  ];
  for (const { queries, candidates, width, k } of sizes) {
    await test.step(`${queries} × ${candidates} of ${width} columns`, async () => {
      const rows = queries + candidates;
      const data = Float32Array.from({ length: rows * width }, () => uniformReal(random) - 0.5);
      const lists = [];
      for (const { gpu } of bothGathers(opened)) {
        using scratch = new Scratch(gpu);
        using vectors = createTensor(gpu, "vectors", [rows, width], data);
        using seen = uploadSeen(gpu, patternOf(queries, candidates, [[0, 3], [2, 6]]));
        using list = createLists(gpu, queries, k);
        const tape = new Tape(gpu, "lists", scratch);
        using program = tape.program;
        recordTopK(
          tape,
          { vectors, firstRow: 0, firstId: 0, count: queries },
          { vectors, firstRow: queries, firstId: 0, count: candidates },
          seen,
          list,
        );
        program.run();
        lists.push([...await readIntegers(gpu, list.ids), ...await readFloats(gpu, list.scores)]);
      }
      assertEquals(lists[1], lists[0]);
    });
  }
});
