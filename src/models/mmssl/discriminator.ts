/**
 * MMSSL's discriminator, which learns to tell rows of interactions from rows of similarities, and what is
 * shown to it.
 *
 * @module
 */
import type { Batch } from "../../tape/batch.ts";
import { batchNorm } from "../../ops/rows/batch_norm.ts";
import { sliceRows, stackRows } from "../../ops/rows/combine.ts";
import { gatherBatch } from "../../ops/rows/gather_batch.ts";
import type { PenalisedNetwork } from "../../ops/losses/gradient_penalty.ts";
import { linear } from "../../ops/rows/linear.ts";
import { normaliseRows } from "../../ops/rows/normalise_rows.ts";
import { addInteractions, hideSeen } from "../../ops/ranking/seen_items.ts";
import type { SeenTensors } from "../../ops/ranking/tiles.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { normal, type RandomSource } from "../../random.ts";
import { initialStream } from "../initial_values.ts";
import type { Variables } from "../model.ts";
import { type Draws, prepareDrop } from "../draws.ts";

/** Factor of the discriminator's score, 100 σ(y). */
export const SCORE_SCALE = 100;
/** How much noise there is on interactions: log_log_scale / real_data_tau. */
const INTERACTION_NOISE = 1e-5 / 0.005;
/** How much similarities weigh beside interactions: ui_pre_scale. */
const SIMILARITY_SCALE = 100;

/** Widths of the hidden layers for rows of so many items. */
function hiddenWidths(itemCount: number): readonly [number, number] {
  return [Math.floor(itemCount / 4), Math.floor(itemCount / 8)];
}

type Floats = Float32Array<ArrayBuffer>;

/** Shapes and initial values of the discriminator's parameters, by name. */
export function initialDiscriminator(
  seed: number,
  itemCount: number,
): Record<string, readonly [shape: readonly number[], data: Floats]> {
  const [first, second] = hiddenWidths(itemCount);
  const weight = (layer: number, outputs: number, inputs: number) => {
    const random = initialStream(seed, `discriminator.weight${layer}`);
    return [[outputs, inputs], kaimingNormal(random, outputs, inputs)] as const;
  };
  const ones = (width: number) => [[width], new Float32Array(width).fill(1)] as const;
  const zeros = (width: number) => [[width], new Float32Array(width)] as const;
  return {
    "discriminator.weight1": weight(1, first, itemCount),
    "discriminator.scale1": ones(first),
    "discriminator.shift1": zeros(first),
    "discriminator.weight2": weight(2, second, first),
    "discriminator.scale2": ones(second),
    "discriminator.shift2": zeros(second),
    "discriminator.weight3": weight(3, 1, second),
    "discriminator.bias3": zeros(1),
  };
}

/** outputs × inputs from N(0, 2 / inputs) (He et al. 2015). */
function kaimingNormal(random: RandomSource, outputs: number, inputs: number): Floats {
  const deviation = Math.sqrt(2 / inputs);
  return Float32Array.from({ length: outputs * inputs }, () => deviation * normal(random));
}

/** What all passes of the discriminator over a batch share. */
export interface PassContext {
  /** All parameters of the model, the discriminator's among them. */
  readonly parameters: Variables;
  readonly batch: Batch;
  readonly draws: Draws;
  /** Dropout rates after the two hidden layers. */
  readonly rates: readonly [number, number];
}

/** Records W_1 x of rows of items. */
export function firstProduct(tape: Tape, rows: Variable, parameters: Variables): Variable {
  return linear(tape, rows, parameters["discriminator.weight1"]!);
}

/**
 * Records the rest of the discriminator.
 *
 * @param use Name of the pass; each has its own dropout masks.
 * @param product W_1 x, in blocks of a batch's rows each.
 * @param copies How often these rows are repeated; normalisation does not see it, but dropout does.
 */
export function discriminate(
  tape: Tape,
  use: string,
  product: Variable,
  { parameters, batch, draws, rates }: PassContext,
  copies = 1,
): PenalisedNetwork {
  const get = (name: string): Variable => parameters[`discriminator.${name}`]!;
  const rows = copies * product.value.shape[0]!;
  const drop = (layer: 1 | 2) => {
    const shape = [rows, get(`weight${layer}`).value.shape[0]!];
    return prepareDrop(tape, draws, `${use} ${layer}`, shape, rates[layer - 1]!, batch);
  };
  const [drop1, drop2] = [drop(1), drop(2)];
  const first = batchNorm(tape, product, get("scale1"), get("shift1"), batch);
  const repeated = copies === 1
    ? first.output
    : stackRows(tape, new Array<Variable>(copies).fill(first.output));
  const between = linear(tape, drop1(repeated), get("weight2"));
  const second = batchNorm(tape, between, get("scale2"), get("shift2"), batch);
  const logit = linear(tape, drop2(second.output), get("weight3"), get("bias3"));
  return {
    layers: [
      { weight: get("weight1"), normalised: first, drop: drop1 },
      { weight: get("weight2"), normalised: second, drop: drop2 },
    ],
    weight: get("weight3"),
    logit,
    factor: SCORE_SCALE,
  };
}

/** Sizes and train items. */
export interface ItemRows {
  /** Number of users. */
  readonly userCount: number;
  /** Number of items. */
  readonly itemCount: number;
  /** Train items by user. */
  readonly seen: SeenTensors;
}

/**
 * Records rows of similarities: the products of a batch's users with all items, zero for train items,
 * scaled to length 1.
 *
 * @param vectors Users and items stacked, × dim.
 * @returns batch size × items.
 */
export function similarityRows(
  tape: Tape,
  vectors: Variable,
  { userCount, itemCount, seen }: ItemRows,
  batch: Batch,
): Variable {
  const users = gatherBatch(tape, vectors, batch, ["user"], { firstRow: 0, userCount });
  const products = linear(tape, users, sliceRows(tape, vectors, userCount, itemCount));
  hideSeen(tape, products, seen, batch);
  return normaliseRows(tape, products);
}

/**
 * Records rows of interactions: ‖softmax([in train] + noise) + 100 s‖, s the rows of similarities.
 *
 * @param vectors Constant; users and items stacked, × dim.
 * @returns batch size × items.
 */
export function interactionRows(
  tape: Tape,
  vectors: Variable,
  rows: ItemRows,
  { batch, draws }: Pick<PassContext, "batch" | "draws">,
): Variable {
  const similarities = similarityRows(tape, vectors, rows, batch);
  const draw = draws.uniform(tape, "interactions", similarities.value.shape, batch);
  // As only directions matter, interactions are made smaller in the place of larger similarities.
  addInteractions(tape, similarities.value, draw, rows.seen, batch, {
    noise: INTERACTION_NOISE,
    factor: 1 / SIMILARITY_SCALE,
  });
  tape.release(draw);
  return normaliseRows(tape, similarities);
}
