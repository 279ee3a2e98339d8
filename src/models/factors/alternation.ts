/**
 * The epochs of iALS: all users are solved for, then all items.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { PacedQueue } from "../../gpu/paced_queue.ts";
import type { Program } from "../../gpu/program.ts";
import type { Scratch } from "../../gpu/scratch.ts";
import { createTensor, readFloats, type Tensor, write } from "../../gpu/tensor.ts";
import { symmetricEigenvectors } from "../../features/symmetric_eigenvectors.ts";
import {
  type Iteration,
  recordConjugateStart,
  recordConjugateStep,
  recordLeastSquaresLoss,
  type RowSystems,
} from "../../ops/least_squares/conjugate_gradients.ts";
import { uploadEntries } from "../../ops/least_squares/entry_products.ts";
import { recordProduct } from "../../ops/rows/matrix_product.ts";
import { rearrange } from "../../ops/rows/rearrange.ts";
import { rowLengths, type SparseMatrix, transpose } from "../../sparse/csr.ts";
import { Tape } from "../../tape/tape.ts";
import type { Sweep } from "../model.ts";

/** Settings of iALS that its epochs depend on. */
export interface AlternationSettings {
  /** α₀. */
  readonly unobserved: number;
  /** λ. */
  readonly reg: number;
  /** ν. */
  readonly regExponent: number;
  /** Steps of conjugate gradients. */
  readonly steps: number;
}

/** One side, recorded. */
interface Half {
  /** Makes the Gram matrix of the other side. */
  readonly before: Program;
  /** That matrix. */
  readonly gram: Tensor;
  /** Gets its eigenvectors, one per column. */
  readonly rotation: Tensor;
  /** Gets its eigenvalues. */
  readonly values: Tensor;
  /** Turns both sides, and starts. */
  readonly start: Program;
  /** A step. */
  readonly step: Program;
  /** Leaves what the side contributes to the loss. */
  readonly end: Program;
  /** Gets it: loss and penalty. */
  readonly totals: Tensor;
}

/**
 * Records an epoch.
 *
 * @param train The interactions, users × items, each worth 1.
 * @param tables The embeddings, which an epoch overwrites.
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export function createAlternation(
  gpu: GpuDevice,
  train: SparseMatrix,
  { users, items }: Readonly<Record<"users" | "items", Tensor>>,
  settings: AlternationSettings,
  scratch: Scratch,
): Sweep {
  using resources = new DisposableStack();
  const sides = [
    { label: "users", matrix: train, own: users, other: items },
    { label: "items", matrix: transpose(train), own: items, other: users },
  ];
  const halves = sides.map((side) => recordHalf(gpu, side, settings, scratch, resources));
  const queue = new PacedQueue(gpu, "iALS");
  const owned = resources.move();
  return {
    run: async () => {
      for (const half of halves) await runHalf(gpu, queue, half, settings.steps);
      const [ofUsers, ofItems] = await readFloats(gpu, ...halves.map(({ totals }) => totals));
      queue.rest();
      // The items' loss has all but the users' penalty.
      return (ofItems![0]! + ofUsers![1]!) / train.column.length;
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** A side that is solved for, the other being fixed. */
interface Side {
  readonly label: string;
  /** The side's interactions, its rows × the other's. */
  readonly matrix: SparseMatrix;
  readonly own: Tensor;
  readonly other: Tensor;
}

function recordHalf(
  gpu: GpuDevice,
  { label, matrix, own, other }: Side,
  { unobserved, reg, regExponent }: AlternationSettings,
  scratch: Scratch,
  resources: DisposableStack,
): Half {
  const [rows, dim] = own.shape as [number, number];
  const tensor = (name: string, shape: number[], data?: Float32Array<ArrayBuffer>): Tensor =>
    resources.use(createTensor(gpu, `${label}: ${name}`, shape, data));
  const gram = tensor("Gram matrix", [dim, dim]), rotation = tensor("eigenvectors", [dim, dim]);
  const values = tensor("eigenvalues", [dim]), totals = tensor("loss", [2]);
  const ridge = Float32Array.from(
    rowLengths(matrix),
    (count) => reg * (count + unobserved * matrix.columnCount) ** regExponent,
  );
  const systems: RowSystems = {
    matrix: resources.use(uploadEntries(gpu, `${label}' interactions`, matrix)),
    columns: other,
    x: own,
    gram: values,
    alpha: unobserved,
    ridge: tensor("regularisation", [rows], ridge),
  };
  const record = (name: string, work: (tape: Tape) => void): Program => {
    const tape = new Tape(gpu, `iALS, ${label}: ${name}`, scratch);
    work(tape);
    return resources.use(tape.program);
  };
  const before = record(
    "Gram matrix",
    (tape) => recordProduct(tape, other, other, { transposeA: true }, gram),
  );
  const shape = [rows, dim];
  const work: Iteration = {
    residual: scratch.take(`${label}: residual`, shape),
    direction: scratch.take(`${label}: direction`, shape),
    sum: scratch.take(`${label}: sum`, shape),
  };
  const start = record("start", (tape) => {
    for (const table of [own, other]) turn(tape, table, rotation);
    recordConjugateStart(tape, systems, work);
  });
  const step = record("step", (tape) => recordConjugateStep(tape, systems, work));
  for (const each of Object.values(work)) scratch.release(each);
  const end = record("loss", (tape) => recordLeastSquaresLoss(tape, systems, totals));
  return { before, gram, rotation, values, start, step, end, totals };
}

/** Records that a table's rows are turned: table ← table · rotation. */
function turn(tape: Tape, table: Tensor, rotation: Tensor): void {
  const turned = tape.take(`${table.label}, turned`, table.shape);
  recordProduct(tape, table, rotation, {}, turned);
  rearrange(tape, turned, table, table.shape[1]!);
  tape.release(turned);
}

async function runHalf(
  gpu: GpuDevice,
  queue: PacedQueue,
  { before, gram, rotation, values, start, step, end }: Half,
  steps: number,
): Promise<void> {
  await queue.add([{ program: before }]);
  const eigen = symmetricEigenvectors(await queue.read(gram), gram.shape[0]!);
  write(gpu, rotation, eigen.vectors);
  write(gpu, values, eigen.values);
  const each = new Array(steps).fill({ program: step });
  await queue.add([{ program: start }, ...each, { program: end }]);
  queue.flush();
}
