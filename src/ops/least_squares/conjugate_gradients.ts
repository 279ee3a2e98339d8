/**
 * Least squares for every row of a matrix at once, the vectors h of its columns being fixed:
 *
 *     A_r x_r = Σ_e h_e,   A_r = diag(α g + λ_r) + Σ_e h_e h_eᵀ     over the entries e of row r
 *
 * by conjugate gradients, all rows a step at a time. No A_r is ever made: A_r p is a gather over the row's entries of
 * h_e ⟨h_e, p⟩, so that a row of n entries costs 4 n dim operations a step, and preconditioned by the diagonal a
 * row is exact after n steps, or far earlier where the diagonal is large beside what the entries add.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Program } from "../../gpu/program.ts";
import { stretches } from "../../gpu/stretches.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import conjugateStartCode from "../../../kernels/conjugate_start.wgsl" with { type: "text" };
import conjugateStepCode from "../../../kernels/conjugate_step.wgsl" with { type: "text" };
import leastSquaresLossCode from "../../../kernels/least_squares_loss.wgsl" with { type: "text" };
import { storedIn } from "../../tape/ending.ts";
import type { Tape } from "../../tape/tape.ts";
import { recordGraphGather } from "../graphs/graph_gather.ts";
import { recordColumnSums } from "../rows/matrix_product.ts";
import { type EntryMatrix, recordEntryProducts } from "./entry_products.ts";

/** The systems of all rows. */
export interface RowSystems {
  /** Which entries the rows have; its values are overwritten. */
  readonly matrix: EntryMatrix;
  /** h: columns × dim, dim a multiple of 4. */
  readonly columns: Tensor;
  /** x: rows × dim, where to start and what is found. */
  readonly x: Tensor;
  /** g: one number per column of x. */
  readonly gram: Tensor;
  /** α. */
  readonly alpha: number;
  /** λ: one number per row. */
  readonly ridge: Tensor;
}

/** What is kept from step to step, each rows × dim. */
export interface Iteration {
  /** What is left of the right sides. */
  readonly residual: Tensor;
  /** Where the next step leads. */
  readonly direction: Tensor;
  /** Sums over the rows' entries. */
  readonly sum: Tensor;
}

/** Invocations that share a row at most. */
const MOST_LANES = 64;

/** Records the start, from what x is. */
export function recordConjugateStart(
  tape: Tape,
  systems: RowSystems,
  { residual, direction, sum }: Iteration,
): void {
  const { gram, ridge, x } = systems;
  recordEntrySum(tape, systems, x, { offset: 1, factor: -1 }, sum);
  const units = elementCount(x.shape) / 4;
  const source = { name: "conjugate_start", code: conjugateStartCode };
  const kernel = getKernel(tape.gpu, source, constantsOf(systems));
  for (const { first, count } of stretches({ units, largestUnit: 16 })) {
    const tensors = { gram, ridge, x, sum, residual, direction };
    tape.program.dispatch(kernel, tensors, { first, end: first + count }, { invocations: count });
  }
}

/** Records a step. */
export function recordConjugateStep(
  tape: Tape,
  systems: RowSystems,
  { residual, direction, sum }: Iteration,
): void {
  const { gram, ridge, x } = systems;
  recordEntrySum(tape, systems, direction, { offset: 0, factor: 1 }, sum);
  const [rows, dim] = x.shape as [number, number];
  const source = { name: "conjugate_step", code: conjugateStepCode };
  const constants = { ...constantsOf(systems), workgroup_size: lanesFor(tape.program, dim / 4) };
  const kernel = getKernel(tape.gpu, source, constants);
  for (const { first, count } of stretches({ units: rows, largestUnit: 16 * dim })) {
    const tensors = { gram, ridge, sum, x, residual, direction };
    tape.program.dispatch(kernel, tensors, { first, end: first + count }, { workgroups: count });
  }
}

/**
 * Records the sums over all rows of Σ_e (1 − ⟨h_e, x_r⟩)² + Σ_c (α g_c + λ_r) x_rc², which the x_r that solve their
 * systems make least, and of λ_r |x_r|².
 *
 * @param totals The two.
 */
export function recordLeastSquaresLoss(tape: Tape, systems: RowSystems, totals: Tensor): void {
  const { matrix, columns, x, gram, ridge } = systems;
  const { rowStart: row_start, entries } = matrix, [rows] = x.shape as [number];
  recordEntryProducts(tape.program, matrix, { a: x, b: columns }, { offset: 1, factor: -1 });
  const parts = tape.take("parts of the loss", [rows, 2]);
  const source = { name: "least_squares_loss", code: leastSquaresLossCode };
  tape.program.dispatch(
    getKernel(tape.gpu, source, constantsOf(systems)),
    { row_start, entries, gram, ridge, x, parts },
    { rows },
    { workgroups: rows },
  );
  recordColumnSums(tape, parts, totals);
  tape.release(parts);
}

/** Records Σ_e (offset + factor ⟨h_e, vector_r⟩) h_e of every row. */
function recordEntrySum(
  tape: Tape,
  { matrix, columns }: RowSystems,
  vectors: Tensor,
  weights: { readonly offset: number; readonly factor: number },
  sum: Tensor,
): void {
  recordEntryProducts(tape.program, matrix, { a: vectors, b: columns }, weights);
  recordGraphGather(tape, matrix, { input: columns, ending: storedIn(sum) });
}

function constantsOf({ x, alpha }: RowSystems): Record<"dim4" | "alpha", number> {
  return { dim4: x.shape[1]! / 4, alpha };
}

/** A software driver walks a workgroup's invocations one after the other: there, fewer wait for each other. */
function lanesFor({ gpu }: Program, dim4: number): number {
  if (gpu.adapterName.includes("llvmpipe")) return 8;
  let lanes = MOST_LANES;
  while (lanes > 8 && lanes / 2 >= dim4) lanes /= 2;
  return lanes;
}
