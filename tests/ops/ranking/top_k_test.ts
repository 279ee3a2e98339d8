/** Lists are the same, bit by bit, wherever scores are gathered from; and what a ranking takes to record. */
import { assert, assertEquals } from "@std/assert";
import { GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import {
  createTensor,
  elementCount,
  readFloats,
  readIntegers,
  type Tensor,
} from "../../../src/gpu/tensor.ts";
import { recordRanker } from "../../../src/ops/ranking/ranker.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { createLists, recordTopK } from "../../../src/ops/ranking/top_k.ts";
import { uploadSeen } from "../../../src/ops/ranking/tiles.ts";
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
    { queries: 1041, candidates: 2731, width: 12, k: 20 }, // the last tiles are not full
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
        using topK = recordTopK(
          tape,
          {
            queries: { vectors, firstRow: 0, firstId: 0, count: queries },
            candidates: { vectors, firstRow: queries, firstId: 0, count: candidates },
          },
          seen,
          list,
        );
        for (const { program, step } of topK.replays()) program.run(step);
        lists.push([...await readIntegers(gpu, list.ids), ...await readFloats(gpu, list.scores)]);
      }
      assertEquals(lists[1], lists[0]);
    });
  }
});

/** Vectors that are only counted, larger than some adapters allow. */
function vectorsOf(gpu: GpuDevice, rows: number, width: number): Tensor {
  return { ...createTensor(gpu, "vectors", [1]), shape: [rows, width] };
}

Deno.test("no tile takes more than 2 GFLOP, however wide its vectors are", async (test) => {
  using opened = await openDevice({ dry: true });
  for (const gathersFromImages of [false, true]) {
    const gpu = new GpuDevice(opened.device, opened.adapterName, { dry: true, gathersFromImages });
    for (const width of [4, 64, 100, 256, 384, 4096, 2 ** 17, 2 ** 23]) {
      await test.step(`${width} columns, from ${gathersFromImages ? "images" : "buffers"}`, () => {
        using scratch = new Scratch(gpu);
        using seen = uploadSeen(gpu, patternOf(5000, 9000, []));
        using list = createLists(gpu, 5000, 20);
        const vectors = vectorsOf(gpu, 14_000, width);
        using topK = recordTopK(
          new Tape(gpu, "lists", scratch),
          {
            queries: { vectors, firstRow: 0, firstId: 0, count: 5000 },
            candidates: { vectors, firstRow: 5000, firstId: 0, count: 9000 },
          },
          seen,
          list,
        );
        const commands = topK.programs.flatMap((program) => program.commands);
        const [dispatch] = commands.flatMap((command) => "kernel" in command ? [command] : []);
        const pairs = elementCount(dispatch!.tensors.scores!.shape);
        assert(2 * pairs * width <= 2e9, `${pairs} pairs`);
        const tiles = [...topK.replays()].filter(({ program }) => program === topK.programs[1]);
        assert(tiles.length * pairs >= 5000 * 9000);
      });
    }
  }
});

Deno.test("a ranking of a million users × 300,000 items is recorded at once, in few commands", async () => {
  using gpu = await openDevice({ dry: true });
  const users = 1_000_000, items = 300_000;
  const seen = patternOf(users, items, []);
  const memory = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = memory(), start = performance.now();
  using ranker = recordRanker(gpu, "large", { seen, k: 20 }, () => {
    const vectors = vectorsOf(gpu, users + items, 64);
    return {
      queries: { vectors, firstRow: 0, firstId: 0, count: users },
      candidates: { vectors, firstRow: users, firstId: 0, count: items },
    };
  });
  const seconds = (performance.now() - start) / 1000, bytes = memory() - before;
  const commands = ranker.programs.reduce((sum, program) => sum + program.commands.length, 0);
  assert(commands <= 5, `${commands} commands`);
  assert(seconds < 5, `${seconds} seconds`);
  assert(bytes < 100e6, `${bytes} bytes of main memory`);
  assertEquals((await ranker.rankItems()).items.length, 20 * users);
  assert(memory() - before < 100e6, "with the lists");
});
