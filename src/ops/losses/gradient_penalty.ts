/**
 * A gradient penalty (Gulrajani et al., NeurIPS 2017): a score D(x) is to change with its input at
 * rate 1, L = mean_r (‖g_r‖ − 1)², where g = d(Σ_r D(x)_r)/dx, for a network of linear layers, each with
 * batch normalisation and dropout and without a nonlinearity, under a logistic function:
 *
 *     z_l = a_(l−1) W_lᵀ,   h_l = BatchNorm_l(z_l),   a_l = m_l ⊙ h_l,   D = k σ(y),   y = a_L wᵀ + b.
 *
 * The loss depends on the weights through a gradient, and its own gradient is one of second order. It
 * needs no rules of its own: the first gradient is recorded as a computation like any other,
 *
 *     dD/dy = k σ'(y),   dD/da_L = dD/dy w,
 *     dD/dh_l = m_l ⊙ dD/da_l,   dD/dz_l = BatchNormGradient_l(dD/dh_l, z_l),   dD/da_(l−1) = dD/dz_l W_l,
 *
 * down to g = dD/dz_1 W_1, and every step of it has an adjoint. Two of them are nonlinear in what the
 * forward pass computed, so that the adjoints lead back into it: the slope, by σ'' (src/ops/rows/sigmoid.ts),
 * and the gradient of batch normalisation, derived in src/ops/rows/batch_norm.ts. For the rest, products and
 * masks, the adjoint of C = A B is dA = dC Bᵀ, dB = Aᵀ dC, and masks are their own.
 *
 * Adjoint of the end: with n rows, dg_r = 2/n · (1 − 1/‖g_r‖) g_r; zero where g_r is.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import rowLengthsCode from "../../../kernels/row_lengths.wgsl" with { type: "text" };
import rowLengthsAdjointCode from "../../../kernels/row_lengths_adjoint.wgsl" with { type: "text" };
import { batchMean } from "./batch_mean.ts";
import { batchNormGradient, type Normalised } from "../rows/batch_norm.ts";
import type { Batch } from "../../tape/batch.ts";
import { addGradient } from "../../tape/gradient.ts";
import { multiply } from "../rows/linear.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import { sigmoidSlope } from "../rows/sigmoid.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A layer of the network, as it was recorded. */
export interface PenalisedLayer {
  /** W, outputs × inputs. */
  readonly weight: Variable;
  /** What normalised z = a Wᵀ. */
  readonly normalised: Normalised;
  /** Records m ⊙ x for x of rows × outputs, with the mask that the network was recorded with. */
  readonly drop: (x: Variable) => Variable;
}

/** A network, as it was recorded on some rows. */
export interface PenalisedNetwork {
  /** All layers but the last, the first one first. */
  readonly layers: readonly PenalisedLayer[];
  /** w, 1 × width. */
  readonly weight: Variable;
  /** y, (lists · batch size) × 1; what a partial batch leaves of the lists does not count. */
  readonly logit: Variable;
  /** Factor k of the score. */
  readonly factor: number;
}

/**
 * Records the penalty as a term of the loss, and its adjoint.
 *
 * @param network As it was recorded on the rows x before.
 * @param batch Of the step; says which rows count.
 * @param term Where the loss is reported, and its weight.
 */
export function gradientPenalty(
  tape: Tape,
  { layers, weight, logit, factor }: PenalisedNetwork,
  batch: Batch,
  term: LossTerm,
): void {
  let gradient = multiply(tape, sigmoidSlope(tape, logit, batch, factor), weight);
  for (const { weight, normalised, drop } of layers.toReversed()) {
    gradient = multiply(
      tape,
      batchNormGradient(tape, normalised, drop(gradient), batch),
      weight,
    );
  }
  unitLengthPenalty(tape, gradient, batch, term);
}

/**
 * Records mean_r (‖x_r‖ − 1)² as a term of the loss, and its adjoint.
 *
 * @param x (lists · batch size) × width.
 */
function unitLengthPenalty(
  tape: Tape,
  x: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const { gpu, program } = tape;
  const [rows, width] = x.value.shape as [number, number];
  const row_length = tape.take("lengths of rows", [rows]);
  const penalty = tape.take("penalties of rows", [rows]);
  program.dispatch(
    getKernel(gpu, { name: "row_lengths", code: rowLengthsCode }),
    { x: x.value, row_length, penalty },
    { rows, width },
    { workgroups: rows },
  );
  batchMean(tape, penalty, batch, term);
  tape.release(penalty);
  tape.adjoint(() => {
    if (x.constant) return;
    const gradient = tape.take(`gradient of ${x.value.label}`, x.value.shape);
    const { clock, shape: { batchSize } } = batch;
    program.dispatch(
      getKernel(gpu, { name: "row_lengths_adjoint", code: rowLengthsAdjointCode }),
      { clock, x: x.value, row_length, gradient },
      { rows, width, weight: term.weight, batch_size: batchSize },
      { invocations: rows * width },
    );
    addGradient(tape, x, gradient);
  }, [row_length]);
}
