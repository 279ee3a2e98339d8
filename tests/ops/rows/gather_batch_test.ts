/** The gather of a batch's rows and its adjoint, place by place. */
import { assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { gatherBatch, type TripleList } from "../../../src/ops/rows/gather_batch.ts";
import { recordEnding, storedIn } from "../../../src/tape/ending.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import {
  assertClose,
  batchOf,
  type MadeEpoch,
  madeEpoch,
  uniformFloats,
  uploadMade,
} from "../made_epoch.ts";

const random = createRandom(21);

/** What is gathered from which table, and the batch it is for. */
interface Gather {
  readonly table: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly firstRow: number;
  readonly lists: readonly TripleList[];
  readonly epoch: MadeEpoch;
  readonly step: number;
}

/** What the formula says of a gather, and of the adjoint of `gradient`. */
function expectedGather(
  { table, width, firstRow, lists, epoch, step }: Gather,
  gradient: Float32Array,
) {
  const { batchSize } = epoch.shape;
  const batch = batchOf(epoch, step);
  const gathered = new Float64Array(lists.length * batchSize * width);
  const adjoint = new Float64Array(table.length);
  lists.forEach((list, block) =>
    batch[list].forEach((row, slot) => {
      for (let c = 0; c < width; c++) {
        const from = (row - firstRow) * width + c;
        const to = (block * batchSize + slot) * width + c;
        gathered[to] = table[from]!;
        adjoint[from]! += gradient[to]!;
      }
    })
  );
  return { gathered, adjoint };
}

async function runGather(gpu: GpuDevice, gather: Gather, gradient: Float32Array<ArrayBuffer>) {
  const { table, width, lists, firstRow, epoch, step } = gather;
  const userCount = epoch.users;
  using batches = uploadMade(gpu, epoch, step);
  using scratch = new Scratch(gpu);
  using value = createTensor(gpu, "table", [table.length / width, width], table);
  const tape = new Tape(gpu, "gather", scratch);
  const variable: Variable = { value };
  const output = gatherBatch(tape, variable, batches, lists, { firstRow, userCount });
  using given = createTensor(gpu, "dLoss/dG", output.value.shape, gradient);
  output.gradient = given;
  using rows = createTensor(gpu, "G", output.value.shape);
  recordEnding(tape.program, output.value, storedIn(rows)); // before gradients take its memory
  tape.backward();
  using program = tape.program;
  program.run();
  const [gathered, adjoint] = await readFloats(gpu, rows, variable.gradient!);
  return { gathered: gathered!, adjoint: adjoint! };
}

const sizes = [
  { users: 1, items: 1, triples: 1, batchSize: 1, step: 0, width: 1 },
  { users: 5, items: 4, triples: 23, batchSize: 9, step: 1, width: 7 },
  { users: 5, items: 4, triples: 23, batchSize: 9, step: 2, width: 12 }, // partial
  { users: 90, items: 70, triples: 400, batchSize: 130, step: 1, width: 64 },
];

Deno.test("rows are those the batch names, and their gradients add up", async (test) => {
  using gpu = await openDevice();
  for (const { step, width, ...size } of sizes) {
    const epoch = madeEpoch(random, size);
    const { users, items } = size;
    const uses: [name: string, lists: TripleList[], firstRow: number, rows: number][] = [
      ["stacked", ["user", "positive", "negative"], 0, users + items],
      ["users", ["user"], 0, users],
      ["items", ["negative", "positive"], users, items],
      ["positives", ["positive"], users, items],
    ];
    for (const [name, lists, firstRow, rows] of uses) {
      await test.step(`${name}, ${size.triples} triples, width ${width}`, async () => {
        const table = uniformFloats(random, rows * width);
        const gather = { table, width, firstRow, lists, epoch, step };
        const gradient = uniformFloats(random, lists.length * size.batchSize * width);
        const expected = expectedGather(gather, gradient);
        const actual = await runGather(gpu, gather, gradient);
        assertEquals(Float64Array.from(actual.gathered), expected.gathered);
        assertClose(actual.adjoint, expected.adjoint);
      });
    }
  }
});

Deno.test("a constant table, or a gather that nothing used, gets no gradient", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 3, items: 4, triples: 5, batchSize: 5 });
  using batches = uploadMade(gpu, epoch, 0);
  using value = createTensor(gpu, "table", [3, 2]);
  const place = { firstRow: 0, userCount: 3 };
  const tape = new Tape(gpu, "gather", scratch);
  const constant: Variable = { value, constant: true }, unused: Variable = { value };
  const output = gatherBatch(tape, constant, batches, ["user"], place);
  assertEquals(output.constant, true);
  output.gradient = tape.take("dLoss/dG", output.value.shape);
  gatherBatch(tape, unused, batches, ["user"], place);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, ["gather_rows", "gather_rows"]);
  assertEquals([constant.gradient, unused.gradient], [undefined, undefined]);
});
