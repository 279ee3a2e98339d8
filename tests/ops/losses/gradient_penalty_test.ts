/**
 * The gradient penalty against a network in plain loops: the score's gradient against its differences, the
 * penalty against its formula, and the penalty's own gradient against the formula's differences.
 */
import { assertAlmostEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { batchNorm } from "../../../src/ops/rows/batch_norm.ts";
import { dropout } from "../../../src/ops/rows/dropout.ts";
import { gradientPenalty, type PenalisedLayer } from "../../../src/ops/losses/gradient_penalty.ts";
import { linear } from "../../../src/ops/rows/linear.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom, uniformReal } from "../../../src/random.ts";
import {
  assertClose,
  finiteDifferences,
  madeEpoch,
  uniformFloats,
  uploadMade,
} from "../made_epoch.ts";

const random = createRandom(45);
const EPSILON = 1e-5, FACTOR = 100, RATE = 0.4;
const BLOCKS = 2;

type Rows = readonly (readonly number[])[];

/** Sizes, input and masks. */
interface Setup {
  readonly batchSize: number;
  /** Rows of each block that count. */
  readonly length: number;
  readonly inputs: number;
  /** Outputs of the layers but the last. */
  readonly widths: readonly number[];
  readonly x: Float32Array<ArrayBuffer>;
  /** Of each layer, 1 / (1 − rate) where kept; all rows × width. */
  readonly masks: readonly Float32Array<ArrayBuffer>[];
}

function madeSetup(batchSize: number, length: number, inputs: number, widths: number[]): Setup {
  const rows = BLOCKS * batchSize;
  const masks = widths.map((width) =>
    Float32Array.from({ length: rows * width }, () => Number(uniformReal(random) >= RATE))
  );
  return { batchSize, length, inputs, widths, x: uniformFloats(random, rows * inputs), masks };
}

/** W, γ and β of each layer, then w and b, as one array. */
function takeParameters({ inputs, widths }: Setup, flat: ArrayLike<number>) {
  let from = 0;
  const next = (count: number): number[] => Array.from({ length: count }, () => flat[from++]!);
  const matrix = (rows: number, columns: number): Rows =>
    Array.from({ length: rows }, () => next(columns));
  const layers = widths.map((width, layer) => ({
    weight: matrix(width, widths[layer - 1] ?? inputs),
    scale: next(width),
    shift: next(width),
  }));
  return { layers, weight: next(widths.at(-1)!), bias: next(1)[0]!, count: from };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const mean = (x: readonly number[]): number => x.reduce((sum, each) => sum + each, 0) / x.length;
const columnOf = (rows: Rows, j: number): number[] => rows.map((row) => row[j]!);
const transpose = (rows: Rows): Rows => rows[0]!.map((_, j) => columnOf(rows, j));
const byColumn = (rows: Rows, map: (column: number[], j: number) => number[]): Rows =>
  transpose(transpose(rows).map((column, j) => map([...column], j)));

/** The rows that count, of x and of every mask. */
function countingRows({ batchSize, length, inputs, widths, x, masks }: Setup) {
  const kept = Array.from({ length: BLOCKS * batchSize }, (_, r) => r)
    .filter((r) => r % batchSize < length);
  const rows = (flat: ArrayLike<number>, width: number): Rows =>
    kept.map((r) => Array.from(flat).slice(r * width, (r + 1) * width));
  return {
    x: rows(x, inputs),
    masks: masks.map((mask, layer) =>
      rows(mask, widths[layer]!).map((row) => row.map((bit) => bit / (1 - RATE)))
    ),
  };
}

/** The scores of rows, and the gradient of their sum. */
function scoresAndGradient(
  { layers, weight, bias }: ReturnType<typeof takeParameters>,
  x: Rows,
  masks: readonly Rows[],
): { scores: number[]; gradient: Rows } {
  const saved: { normalised: Rows; deviation: number[] }[] = [];
  let a = x;
  layers.forEach((layer, place) => {
    const z = a.map((row) => layer.weight.map((weights) => dot(row, weights)));
    const deviation = transpose(z).map((column) => {
      const centre = mean([...column]);
      return Math.sqrt(mean(column.map((each) => (each - centre) ** 2)) + EPSILON);
    });
    const normalised = byColumn(z, (column, j) => {
      const centre = mean(column);
      return column.map((each) => (each - centre) / deviation[j]!);
    });
    saved.push({ normalised, deviation });
    a = normalised.map((row, r) =>
      row.map((each, j) => (layer.scale[j]! * each + layer.shift[j]!) * masks[place]![r]![j]!)
    );
  });
  const scores = a.map((row) => FACTOR / (1 + Math.exp(-dot(row, weight) - bias)));
  let gradient: Rows = scores.map((score) =>
    weight.map((each) => score * (1 - score / FACTOR) * each)
  );
  for (const [place, { normalised, deviation }] of [...saved.entries()].reverse()) {
    const layer = layers[place]!;
    const masked = gradient.map((row, r) => row.map((each, j) => each * masks[place]![r]![j]!));
    const through = byColumn(masked, (d, j) => {
      const along = mean(d.map((each, r) => each * normalised[r]![j]!));
      return d.map((each, r) =>
        layer.scale[j]! / deviation[j]! * (each - mean(d) - normalised[r]![j]! * along)
      );
    });
    const columns = transpose(layer.weight);
    gradient = through.map((row) => columns.map((column) => dot(row, [...column])));
  }
  return { scores, gradient };
}

function penalty(setup: Setup, flat: ArrayLike<number>): number {
  const { x, masks } = countingRows(setup);
  const { gradient } = scoresAndGradient(takeParameters(setup, flat), x, masks);
  return mean(gradient.map((row) => (Math.hypot(...row) - 1) ** 2));
}

/** The penalty and its gradient by all parameters, as one array like theirs. */
async function recordedPenalty(gpu: GpuDevice, setup: Setup, flat: Float32Array<ArrayBuffer>) {
  const { batchSize, length, inputs, widths, x, masks } = setup;
  const rows = BLOCKS * batchSize;
  const term = { index: 1, count: 2, weight: 0.3 };
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const triples = batchSize + length;
  const epoch = madeEpoch(random, { users: 3, items: 4, triples, batchSize });
  const batches = resources.use(uploadMade(gpu, epoch, 1, term.count));
  let from = 0;
  const variables: Variable[] = [];
  const next = (label: string, ...shape: number[]): Variable => {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = flat.slice(from, from += count);
    const variable = { value: resources.use(createTensor(gpu, label, shape, data)) };
    variables.push(variable);
    return variable;
  };
  const tape = new Tape(gpu, "penalty", scratch);
  let a: Variable = {
    value: resources.use(createTensor(gpu, "x", [rows, inputs], x)),
    constant: true,
  };
  const layers = widths.map((width, layer): PenalisedLayer => {
    const weight = next("weight", width, widths[layer - 1] ?? inputs);
    const [scale, shift] = [next("scale", width), next("shift", width)];
    const mask = resources.use(createTensor(gpu, "mask", [rows, width], masks[layer]!));
    const drop = (y: Variable): Variable => dropout(tape, y, mask, RATE);
    const normalised = batchNorm(tape, linear(tape, a, weight), scale, shift, batches);
    a = drop(normalised.output);
    return { weight, normalised, drop };
  });
  const weight = next("last weight", 1, widths.at(-1)!);
  const logit = linear(tape, a, weight, next("bias", 1));
  gradientPenalty(tape, { layers, weight, logit, factor: FACTOR }, batches, term);
  tape.backward();
  const program = resources.use(tape.program);
  program.run();
  const [terms, ...gradients] = await readFloats(
    gpu,
    batches.terms,
    ...variables.map(({ gradient, value }) => gradient ?? value),
  );
  return {
    penalty: terms![term.count + term.index]!,
    gradient: gradients.flatMap((each) => Array.from(each, (x) => x / term.weight)),
  };
}

/** No layers to speak of, a whole batch, and a partial one; MMSSL has two layers. */
const setups = [
  madeSetup(6, 6, 5, [3]),
  madeSetup(7, 7, 6, [4, 3]),
  madeSetup(9, 5, 7, [6, 5, 4]),
];

Deno.test("the formula's gradient of the scores is that of its differences", () => {
  for (const setup of setups) {
    const { x, masks } = countingRows(setup);
    const parameters = takeParameters(setup, uniformFloats(random, 500));
    const rowsOf = (flat: Float64Array): Rows =>
      x.map((row, r) => row.map((_, j) => flat[r * row.length + j]!));
    const differences = finiteDifferences(
      (flat) =>
        scoresAndGradient(parameters, rowsOf(flat), masks).scores
          .reduce((sum, score) => sum + score, 0),
      Float64Array.from(x.flat()),
    );
    assertClose(scoresAndGradient(parameters, x, masks).gradient.flat(), differences, 1e-7);
  }
});

Deno.test("the penalty and its gradient by all weights equal the formula", async (test) => {
  using gpu = await openDevice();
  for (const setup of setups) {
    await test.step(`${setup.length} of ${setup.batchSize}, layers ${setup.widths}`, async () => {
      const { count } = takeParameters(setup, []);
      const flat = uniformFloats(random, count);
      const actual = await recordedPenalty(gpu, setup, flat);
      const expected = penalty(setup, flat);
      assertAlmostEquals(actual.penalty, expected, 1e-5 * expected);
      const differences = finiteDifferences(
        (at) => penalty(setup, at),
        Float64Array.from(flat),
        1e-4,
      );
      assertClose(actual.gradient, differences, 1e-5);
    });
  }
});
