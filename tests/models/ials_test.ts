/** iALS against its definition in dense loops and f64, and how its runs go on. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { Matrix, solve } from "ml-matrix";
import { buildDataset } from "../../src/data/dataset.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { builtModel } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { columnCounts, rowLengths } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { valued } from "../../src/sparse/matrix_sums.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const { userCount, itemCount } = dataset;
const x = Matrix.from1DArray(userCount, itemCount, toDense(valued(dataset.train)));

interface Weights {
  readonly unobserved: number;
  readonly reg: number;
  readonly regExponent: number;
}

/** λ_r of each row, of n interactions. */
const ridges = (counts: Uint32Array, others: number, weights: Weights): number[] =>
  Array.from(
    counts,
    (n) => weights.reg * (n + weights.unobserved * others) ** weights.regExponent,
  );

/** The rows that make the loss least, the others being fixed. */
function solved(given: Matrix, others: Matrix, ridge: number[], { unobserved }: Weights): Matrix {
  const gram = others.transpose().mmul(others), dim = others.columns;
  const rows = Array.from({ length: given.rows }, (_, row) => {
    const own = others.clone().apply(function (this: Matrix, i: number, j: number) {
      this.set(i, j, this.get(i, j) * given.get(row, i));
    });
    const system = own.transpose().mmul(own).add(gram.clone().mul(unobserved))
      .add(Matrix.eye(dim).mul(ridge[row]!));
    const right = own.transpose().mmul(Matrix.ones(others.rows, 1));
    return solve(system, right).to1DArray();
  });
  return new Matrix(rows);
}

function lossOf(w: Matrix, h: Matrix, users: number[], items: number[], weights: Weights): number {
  const scores = w.mmul(h.transpose());
  let loss = 0;
  for (let u = 0; u < userCount; u++) {
    for (let i = 0; i < itemCount; i++) {
      loss += x.get(u, i) * (1 - scores.get(u, i)) ** 2 +
        weights.unobserved * scores.get(u, i) ** 2;
    }
  }
  const squares = (m: Matrix, ridge: number[]): number =>
    ridge.reduce((sum, each, row) => sum + each * m.getRowVector(row).norm("frobenius") ** 2, 0);
  return loss + squares(w, users) + squares(h, items);
}

Deno.test("an epoch solves for users, then for items, and tells the loss", async (test) => {
  using gpu = await openDevice();
  const cases = [
    { dim: 8, unobserved: 0.05, reg: 0.1, regExponent: 1 },
    { dim: 64, unobserved: 0, reg: 0.5, regExponent: 0.5 }, // more columns than there are items
  ];
  for (const { dim, ...weights } of cases) {
    await test.step(`dim ${dim}, ν ${weights.regExponent}`, async () => {
      const settings = { dim, ...weights, steps: 40, seed: 5 };
      using model = builtModel(await models.ials.create(gpu, dataset, settings));
      using scratch = new Scratch(gpu);
      using sweep = model.createSweep!(scratch);
      const { users, items } = model.parameters;
      const [before] = await readFloats(gpu, items!);
      const users_ = ridges(rowLengths(dataset.train), itemCount, weights);
      const items_ = ridges(columnCounts(dataset.train), userCount, weights);
      let h = Matrix.from1DArray(itemCount, dim, before!), last = Infinity;
      for (let epoch = 0; epoch < 3; epoch++) {
        const w = solved(x, h, users_, weights);
        h = solved(x.transpose(), w, items_, weights);
        const loss = await sweep.run();
        const expected = lossOf(w, h, users_, items_, weights) / dataset.train.column.length;
        assertAlmostEquals(loss, expected, 1e-4 * expected);
        assertLess(loss, last * (1 + 1e-6));
        last = loss;
        // The bases differ, and inner products do not.
        const scores = w.mmul(h.transpose());
        const [ours, theirs] = await readFloats(gpu, users!, items!);
        const found = Matrix.from1DArray(userCount, dim, ours!)
          .mmul(Matrix.from1DArray(itemCount, dim, theirs!).transpose());
        const off = found.sub(scores).to1DArray().map(Math.abs);
        assertLess(Math.max(...off), 1e-4 * scores.max());
      }
    });
  }
});

Deno.test("who has nothing gets zero", async () => {
  using gpu = await openDevice();
  const odd = buildDataset({
    name: "odd",
    interactions: {
      user: [0, 0, 1, 1, 2, 2],
      item: [0, 1, 0, 2, 3, 4],
      split: [0, 0, 0, 0, 1, 2],
    },
  });
  using model = builtModel(await models.ials.create(gpu, odd, { dim: 8 }));
  using scratch = new Scratch(gpu);
  using sweep = model.createSweep!(scratch);
  await sweep.run();
  const { users, items } = model.parameters;
  const [w, h] = await readFloats(gpu, users!, items!);
  const rows = (table: Float32Array, ids: number[]): number[] =>
    ids.flatMap((id) => [...table.subarray(8 * id, 8 * id + 8)]);
  for (const value of [...rows(w!, [2]), ...rows(h!, [3, 4])]) assertAlmostEquals(value, 0, 1e-7);
  assert(rows(h!, [1, 2]).some((value) => Math.abs(value) > 1e-3));
});

Deno.test("a resumed run is the run that was not stopped, and the same seed the same bits", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using gpu = await openDevice();
    const settings = { dim: 16, seed: 2 };
    const run = async (out: string, epochs: number, resume = false) => {
      using model = await models.ials.create(gpu, dataset, settings);
      const { test, history } = await train(model, dataset, {
        epochs,
        evalEvery: 2,
        out: `${folder}/${out}`,
        resume,
      });
      return { test, losses: history.map(({ loss }) => loss) };
    };
    const straight = await run("straight", 7);
    assertEquals(await run("again", 7), straight);
    await run("stopped", 4);
    assertEquals(await run("stopped", 7, true), straight);
    const bytes = (name: string) => Deno.readFile(`${folder}/${name}/last.safetensors`);
    assertEquals(await bytes("stopped"), await bytes("straight"));
    assertEquals(gpu.bytes, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
