/**
 * What MMSSL does with a batch: graphs are collected, the discriminator learns, the recommender learns.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { readFloats, readIntegers, type Tensor } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import type { AdamSettings } from "../../tape/adamw.ts";
import { bprLoss } from "../../ops/losses/bpr_loss.ts";
import type { Batch } from "../../tape/batch.ts";
import { stackRows } from "../../ops/rows/combine.ts";
import { contrastiveLoss } from "../../ops/losses/contrastive_loss.ts";
import { gatherBatch } from "../../ops/rows/gather_batch.ts";
import { gradientPenalty } from "../../ops/losses/gradient_penalty.ts";
import { type LossTerm, lossTerms } from "../../tape/loss_term.ts";
import { mixRows } from "../../ops/rows/mix_rows.ts";
import { normPenalty, normPenaltyOfBatch } from "../../ops/losses/norm_penalty.ts";
import { normaliseRows } from "../../ops/rows/normalise_rows.ts";
import { meanSigmoid } from "../../ops/losses/mean_sigmoid.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import type { Phase, Variables } from "../model.ts";
import {
  discriminate,
  firstProduct,
  interactionRows,
  type ItemRows,
  type PassContext,
  SCORE_SCALE,
  similarityRows,
} from "./discriminator.ts";
import { type Draws, prepareDrop } from "../draws.ts";
import { generate, type GeneratorData, type Representations } from "./generator.ts";
import { LARGEST_BATCH, noPairs, pairBest, replaceGraph } from "./modal_graph.ts";
import type { MmsslSettings } from "./settings.ts";

/** Weight of the gradient penalty in the discriminator's loss. */
const GRADIENT_PENALTY = 0.3;
/** The discriminator's optimizer: Adam. */
const DISCRIMINATOR_OPTIMIZER: AdamSettings = {
  learningRate: 3e-4,
  weightDecay: 0,
  l2: 0,
  beta1: 0.5,
  beta2: 0.9,
};

/** Data and settings of all phases. */
export interface MmsslData extends GeneratorData, ItemRows {
  /** The model's settings. */
  readonly settings: MmsslSettings;
}

/** The terms of both players' losses; the discriminator's are not reported. */
export function mmsslTerms(
  modalities: readonly string[],
  { regWeight, featRegDecay, clRate, gRate }: MmsslSettings,
): Readonly<Record<string, LossTerm>> {
  const ofAll = (name: string, weight: number) =>
    Object.fromEntries(modalities.map((modality) => [`${name}.${modality}`, weight]));
  const discriminator = { realScore: -1, fakeScore: 1, gradientPenalty: GRADIENT_PENALTY };
  return lossTerms({
    bpr: 1,
    squares: regWeight,
    ...ofAll("features", featRegDecay),
    ...ofAll("contrast", clRate),
    adversarial: gRate,
    ...discriminator,
  }, Object.keys(discriminator));
}

/** What phases have in common. */
interface PhaseContext {
  readonly gpu: GpuDevice;
  readonly data: MmsslData;
  readonly terms: Readonly<Record<string, LossTerm>>;
  readonly draws: Draws;
}

/**
 * The programs of a step.
 *
 * @param trained Names of the parameters of either player.
 */
export function mmsslPhases(
  gpu: GpuDevice,
  data: MmsslData,
  terms: Readonly<Record<string, LossTerm>>,
  draws: Draws,
  trained: Readonly<Record<"generator" | "discriminator", readonly string[]>>,
): Phase[] {
  const context = { gpu, data, terms, draws };
  let collected: readonly SparseMatrix[] | undefined;
  const players: Phase[] = [{
    name: "discriminator",
    trains: trained.discriminator,
    optimizer: DISCRIMINATOR_OPTIMIZER,
    record: (tape, parameters, batch) => recordDiscriminator(tape, context, parameters, batch),
  }, {
    name: "recommender",
    trains: trained.generator,
    record: (tape, parameters, batch) => recordGenerator(tape, context, parameters, batch),
    after: replaceGraphs(context, () => collected),
  }];
  if (collectedItems(data) === 0) return players;
  return [collectorPhase(context, (counts) => collected = counts), ...players];
}

/**
 * As in the authors' code, the graphs collected in the first batch are used in the third; then graphs are
 * emptied.
 */
function replaceGraphs(
  { gpu, data }: PhaseContext,
  collected: () => readonly SparseMatrix[] | undefined,
): Phase["after"] {
  const collects = collectedItems(data) > 0;
  const { userCount, itemCount, modalities, settings: { keepModalGraphs } } = data;
  return {
    appliesTo: (batch) =>
      batch === 1 && (collects || !keepModalGraphs) ||
      batch === 2 && collects && !keepModalGraphs,
    run: (batch) => {
      const counts = batch === 1 ? collected() : undefined;
      modalities.forEach(({ graph }, m) =>
        replaceGraph(gpu, graph, counts?.[m] ?? noPairs(userCount, itemCount))
      );
      return Promise.resolve();
    },
  };
}

/** Items that a collected graph links each user to. */
function collectedItems({ itemCount, settings: { topkRate } }: MmsslData): number {
  return Math.floor(itemCount * topkRate);
}

/** Reads similarities of the epoch's first batch, and pairs users with items. */
function collectorPhase(
  { gpu, data, draws }: PhaseContext,
  found: (counts: readonly SparseMatrix[]) => void,
): Phase {
  const first = (batch: number): boolean => batch === 0;
  const k = collectedItems(data);
  let read: { readonly user: Tensor; readonly rows: readonly Tensor[]; readonly size: number };
  return {
    name: "modal graphs",
    trains: [],
    appliesTo: first,
    record: (tape, parameters, batch) => {
      const { triples, batchSize } = batch.shape;
      requireRoom(k, batchSize, data.itemCount);
      const { parts } = represent(tape, data, parameters, "recommender", draws, batch);
      const rows = parts.map(({ features }) => similarityRows(tape, features, data, batch).value);
      // The tape gives these rows back, and other programs write to their memory. `after` reads them
      // before that: nothing here is trained, so that the rest of this program writes nothing, and
      // nothing later is submitted until `after` has ended. Tensors of their own would take
      // batch size × items more for each modality.
      read = { user: batch.user, rows, size: Math.min(triples, batchSize) };
    },
    after: {
      appliesTo: first,
      run: async () => {
        const [[user], scores] = await Promise.all([
          readIntegers(gpu, read.user),
          readFloats(gpu, ...read.rows),
        ]);
        found(scores.map((rows) => pairBest(user!.subarray(0, read.size), rows, k, data)));
      },
    },
  };
}

/** Checks that the pairing fits the batch size, which is known only when a step is recorded. */
function requireRoom(k: number, batchSize: number, itemCount: number): void {
  if (k > 0 && batchSize > LARGEST_BATCH) {
    throw new InputError(
      `batch-size is ${batchSize}, but modal graphs have room for ${LARGEST_BATCH} users at once: ` +
        `--batch-size must be lower, or --topk-rate below 1/${itemCount}, by which none is collected.`,
    );
  }
}

/** Records the representations with the dropout of a player's step. */
function represent(
  tape: Tape,
  data: MmsslData,
  parameters: Variables,
  use: string,
  draws: Draws,
  batch: Batch,
): Representations {
  const { dim, dropRate } = data.settings;
  const drops = data.modalities.map(({ name }) =>
    [
      name,
      prepareDrop(tape, draws, `${use} ${name}`, [data.itemCount, dim], dropRate, batch),
    ] as const
  );
  return generate(tape, data, parameters, Object.fromEntries(drops));
}

function passContext(
  { data: { settings: { gDrop1, gDrop2 } }, draws }: PhaseContext,
  parameters: Variables,
  batch: Batch,
): PassContext {
  return { parameters, batch, draws, rates: [gDrop1, gDrop2] };
}

/** mean D(fake) − mean D(real) + 0.3 · gradient penalty. */
function recordDiscriminator(
  tape: Tape,
  context: PhaseContext,
  parameters: Variables,
  batch: Batch,
): void {
  const { data, terms, draws } = context;
  const pass = passContext(context, parameters, batch);
  const { h, parts } = represent(tape, data, parameters, "discriminator", draws, batch);
  const product = (rows: Variable) => firstProduct(tape, rows, parameters);
  const fake = stackRows(
    tape,
    parts.map(({ features }) => product(similarityRows(tape, features, data, batch))),
  );
  const real = product(interactionRows(tape, h, data, pass));
  const copies = parts.length;
  const scores = discriminate(tape, "fake", fake, pass).logit;
  meanSigmoid(tape, scores, batch, terms.fakeScore!, SCORE_SCALE);
  const realScores = discriminate(tape, "real", real, pass, copies).logit;
  meanSigmoid(tape, realScores, batch, terms.realScore!, SCORE_SCALE);
  // The first layer is linear, so that the mixture of its results is its result for the mixture.
  const share = draws.uniform(tape, "mixtures", [copies * batch.shape.batchSize], batch);
  tape.adjoint(() => tape.release(share));
  const mixed = discriminate(tape, "mixed", mixRows(tape, real, fake, share), pass);
  gradientPenalty(tape, mixed, batch, terms.gradientPenalty!);
}

/** The recommender's loss. */
function recordGenerator(
  tape: Tape,
  context: PhaseContext,
  parameters: Variables,
  batch: Batch,
): void {
  const { data, terms, draws } = context;
  const { userCount, itemCount, settings: { tau } } = data;
  const { h, parts } = represent(tape, data, parameters, "recommender", draws, batch);
  bprLoss(tape, h, batch, terms.bpr!);
  normPenaltyOfBatch(tape, h, batch, terms.squares!, userCount, true);
  const userDirections = (x: Variable): Variable =>
    normaliseRows(tape, gatherBatch(tape, x, batch, ["user"], { firstRow: 0, userCount }));
  const users = userDirections(h);
  const all = [{ firstRow: 0, rowCount: userCount + itemCount }];
  for (const { name, features, neighbours } of parts) {
    const squares = { squared: true, divisor: itemCount };
    normPenalty(tape, features, all, batch, terms[`features.${name}`]!, squares);
    const term = terms[`contrast.${name}`]!;
    contrastiveLoss(tape, userDirections(neighbours), users, batch, term, tau);
  }
  const products = parts.map(({ features }) =>
    firstProduct(tape, similarityRows(tape, features, data, batch), parameters)
  );
  const pass = passContext(context, parameters, batch);
  const { logit } = discriminate(tape, "generated", stackRows(tape, products), pass);
  meanSigmoid(tape, logit, batch, terms.adversarial!, -SCORE_SCALE);
}
