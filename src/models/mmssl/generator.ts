/**
 * MMSSL's recommender, which the adversarial part calls the generator: representations of users and
 * items, from interactions and from each modality.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import { add, sliceRows, stackRows } from "../../ops/rows/combine.ts";
import { linear, multiply } from "../../ops/rows/linear.ts";
import { normaliseRows } from "../../ops/rows/normalise_rows.ts";
import { softmaxRows } from "../../ops/rows/softmax_rows.ts";
import { type ProductMatrix, sparseProduct } from "../../ops/graphs/sparse_product.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import type { Variables } from "../model.ts";
import type { Drop } from "../draws.ts";
import type { ModalGraph } from "./modal_graph.ts";
import type { MmsslSettings } from "./settings.ts";

/** Heads of the attention. */
export const HEADS = 4;

/** A matrix and its transpose. */
export interface SparsePair {
  /** The matrix. */
  readonly matrix: ProductMatrix;
  /** Its transpose. */
  readonly transposed: ProductMatrix;
}

/** A modality on the GPU. */
export interface ModalData {
  /** Name of the modality. */
  readonly name: string;
  /** Its features, items × width. */
  readonly features: Tensor;
  /** The modality's graph of users and items. */
  readonly graph: ModalGraph;
}

/** Sizes, graphs and features that the representations are computed from. */
export interface GeneratorData {
  /** Number of users. */
  readonly userCount: number;
  /** Number of items. */
  readonly itemCount: number;
  /** G_ui, users × items. */
  readonly itemsOfUsers: SparsePair;
  /** G_iu, items × users. */
  readonly usersOfItems: SparsePair;
  /** All modalities. */
  readonly modalities: readonly ModalData[];
  /** Number of rounds and the weights in E_0 and H. */
  readonly settings: Pick<MmsslSettings, "layers" | "idCatRate" | "modelCatRate">;
}

/** What a modality contributes; users and items stacked. */
export interface ModalPart {
  /** Name of the modality. */
  readonly name: string;
  /** X_m: projected features, passed on to users and back, (users + items) × dim. */
  readonly features: Variable;
  /** N_m: embeddings of the neighbours in its graph, (users + items) × dim. */
  readonly neighbours: Variable;
}

/** What the recommender computes. */
export interface Representations {
  /** H, which ranks, (users + items) × dim. */
  readonly h: Variable;
  /** The contribution of each modality. */
  readonly parts: readonly ModalPart[];
}

/**
 * Records the representations.
 *
 * @param parameters `embeddings`, `attention`, and `NAME.weight` and `NAME.bias` of every modality.
 * @param drops Dropout of the projected features, by modality; none for ranking.
 */
export function generate(
  tape: Tape,
  data: GeneratorData,
  parameters: Variables,
  drops: Readonly<Record<string, Drop>> = {},
): Representations {
  const { modelCatRate, idCatRate } = data.settings;
  const embeddings = parameters.embeddings!;
  const parts = data.modalities.map(({ name, features, graph }): ModalPart => {
    const fixed = { value: features, constant: true };
    const projected = linear(
      tape,
      fixed,
      parameters[`${name}.weight`]!,
      parameters[`${name}.bias`]!,
    );
    return {
      name,
      features: thereAndBack(tape, data, drops[name]?.(projected) ?? projected),
      neighbours: sparseProduct(tape, graph.matrix, graph.transposed, embeddings),
    };
  });
  const attended = attend(tape, parts.map((part) => part.neighbours), parameters.attention!);
  let h = rounds(tape, data, add(tape, embeddings, normaliseRows(tape, attended), 1, idCatRate));
  for (const { features } of parts) {
    h = add(tape, h, normaliseRows(tape, features), 1, modelCatRate);
  }
  return { h, parts };
}

/** Items' vectors passed on to users, G_ui V, and from them back to items, G_iu G_ui V; stacked. */
function thereAndBack(
  tape: Tape,
  { itemsOfUsers, usersOfItems }: GeneratorData,
  vectors: Variable,
): Variable {
  const users = sparseProduct(tape, itemsOfUsers.matrix, itemsOfUsers.transposed, vectors);
  const items = sparseProduct(tape, usersOfItems.matrix, usersOfItems.transposed, users);
  return stackRows(tape, [users, items]);
}

/** The mean of the modalities' vectors times the sum of the heads' blocks. */
function attend(tape: Tape, vectors: readonly Variable[], attention: Variable): Variable {
  const dim = attention.value.shape[1]!;
  const [first, ...rest] = Array.from(
    { length: HEADS },
    (_, head) => sliceRows(tape, attention, head * dim, dim),
  );
  const blocks = rest.reduce((sum, block) => add(tape, sum, block), first!);
  return multiply(tape, mean(tape, vectors), blocks);
}

/** The mean of E and all rounds between users and items, the last of which ends in a softmax. */
function rounds(
  tape: Tape,
  { userCount, itemCount, itemsOfUsers, usersOfItems, settings: { layers } }: GeneratorData,
  embeddings: Variable,
): Variable {
  const stages = [embeddings];
  let items = sliceRows(tape, embeddings, userCount, itemCount);
  for (let layer = 1; layer <= layers; layer++) {
    const last = (x: Variable): Variable => layer === layers ? softmaxRows(tape, x) : x;
    const { matrix, transposed } = itemsOfUsers;
    const users = last(sparseProduct(tape, matrix, transposed, items));
    items = last(sparseProduct(tape, usersOfItems.matrix, usersOfItems.transposed, users));
    stages.push(stackRows(tape, [users, items]));
  }
  return mean(tape, stages);
}

function mean(tape: Tape, [first, ...rest]: readonly Variable[]): Variable {
  const share = 1 / (rest.length + 1);
  return rest.reduce(
    (sum, each, place) => add(tape, sum, each, place === 0 ? share : 1, share),
    first!,
  );
}
