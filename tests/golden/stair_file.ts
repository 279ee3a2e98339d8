/**
 * A file of numbers that the authors' own code computed for STAIR, checked before it is used.
 *
 * @module
 */
import { InputError } from "../../src/input_error.ts";
import { parseObject } from "../../src/runs/run_config.ts";

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/** A file of the layout of stair_small.json, of any sizes; ids are 0-based, users come first. */
export interface Golden {
  /** Sizes and settings; `neighbors` are k per modality, in the order of `features`. */
  readonly config: {
    readonly users: number;
    readonly items: number;
    readonly dim: number;
    readonly layers: number;
    readonly gamma: number;
    readonly lr: number;
    readonly weightDecay: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly neighbors: readonly number[];
  };
  /** (user, item) pairs. */
  readonly train: readonly (readonly [number, number])[];
  /** Per modality, items × width. */
  readonly features: readonly Matrix[];
  /** Per modality, items × k. */
  readonly neighborLists: readonly Matrix[];
  /** Ã, (users + items)². */
  readonly adjacencyDense: Matrix;
  /** S̃, items². */
  readonly similarityDense: Matrix;
  /** β, per column. */
  readonly beta: readonly number[];
  /** β'. */
  readonly betaBackward: readonly number[];
  /** α, columns × (layers + 1). */
  readonly alpha: Matrix;
  /** Per modality, items × dim. */
  readonly whitened: readonly Matrix[];
  /** Initial embeddings. */
  readonly initUser: Matrix;
  /** Likewise of items. */
  readonly initItem: Matrix;
  /** H before training. */
  readonly forwardAtInit: Matrix;
  /** Batches in the order trained, each with its mean loss. */
  readonly steps: readonly {
    readonly user: readonly number[];
    readonly positive: readonly number[];
    readonly negative: readonly number[];
    readonly loss: number;
  }[];
  /** Gradients of the first batch, and embeddings after it. */
  readonly afterStep1: Readonly<Record<"gradUser" | "gradItem" | "user" | "item", Matrix>>;
  /** Embeddings and H in the end. */
  readonly afterLastStep: Readonly<Record<"user" | "item" | "forward", Matrix>>;
  /** Targets per user and the metrics of the final H ("R@10", "N@10"), train items hidden. */
  readonly ranking: {
    readonly targets: Matrix;
    readonly metrics: Readonly<Record<string, number>>;
  };
}

/** What a key holds: numbers nested so deep, a list of objects, or an object with these keys. */
type Layout = number | readonly [Layout] | { readonly [key: string]: Layout };

const LAYOUT: Layout = {
  config: {
    users: 0,
    items: 0,
    dim: 0,
    layers: 0,
    gamma: 0,
    lr: 0,
    weightDecay: 0,
    beta1: 0,
    beta2: 0,
    epsilon: 0,
    neighbors: 1,
  },
  train: 2,
  features: 3,
  neighborLists: 3,
  adjacencyDense: 2,
  similarityDense: 2,
  beta: 1,
  betaBackward: 1,
  alpha: 2,
  whitened: 3,
  initUser: 2,
  initItem: 2,
  forwardAtInit: 2,
  steps: [{ user: 1, positive: 1, negative: 1, loss: 0 }],
  afterStep1: { gradUser: 2, gradItem: 2, user: 2, item: 2 },
  afterLastStep: { user: 2, item: 2, forward: 2 },
  ranking: { targets: 2, metrics: {} },
};

function requireLayout(path: string, key: string, value: unknown, layout: Layout): void {
  const place = key === "" ? path : `${path}: "${key}"`;
  if (value === undefined) throw new InputError(`${place} is missing.`);
  if (typeof layout === "number") {
    if (hasDepth(value, layout)) return;
    const nesting = [
      "a number",
      "a list of numbers",
      "lists of numbers",
      "lists of lists of numbers",
    ];
    throw new InputError(`${place} must be ${nesting[layout]}.`);
  }
  if (isList(layout)) {
    if (!Array.isArray(value) || value.length === 0) {
      throw new InputError(`${place} must be a list that is not empty.`);
    }
    return value.forEach((each, i) => requireLayout(path, `${key}[${i}]`, each, layout[0]));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${place} must be an object.`);
  }
  for (const [name, inner] of Object.entries(layout)) {
    const each = (value as Record<string, unknown>)[name];
    requireLayout(path, key === "" ? name : `${key}.${name}`, each, inner);
  }
}

function isList(layout: Layout): layout is readonly [Layout] {
  return Array.isArray(layout);
}

function hasDepth(value: unknown, depth: number): boolean {
  if (depth === 0) return typeof value === "number";
  return Array.isArray(value) && value.every((each) => hasDepth(each, depth - 1));
}

/** Checks what {@linkcode checkGolden} indexes with; other sizes are compared as it goes. */
function requireSizes(path: string, golden: Golden): void {
  const { config, train, features, neighborLists, whitened, steps, ranking } = golden;
  const { users, items, dim, layers, neighbors } = config;
  const below = (count: number) => (id: number | undefined): boolean =>
    id !== undefined && Number.isInteger(id) && id >= 0 && id < count;
  const isUser = below(users), isItem = below(items);
  const [batch] = steps.map(({ user }) => user.length);
  const rules: [boolean, string][] = [
    [
      [users, items, dim].every((size) => Number.isInteger(size) && size > 0) && layers >= 0,
      `"config" must hold whole sizes`,
    ],
    [
      [neighborLists, whitened, neighbors].every(({ length }) => length === features.length),
      `"features", "neighborLists", "whitened" and "config.neighbors" must have as many modalities`,
    ],
    [
      features.every((rows) =>
        rows.length === items && rows.every((row) => row.length === rows[0]!.length)
      ),
      `"features" must have ${items} rows of one width per modality`,
    ],
    [
      train.every((pair) => pair.length === 2 && isUser(pair[0]) && isItem(pair[1])),
      `"train" must hold pairs of a user below ${users} and an item below ${items}`,
    ],
    [
      steps.every(({ user, positive, negative }) =>
        [user, positive, negative].every(({ length }) => length === batch) &&
        user.every(isUser) && [...positive, ...negative].every(isItem)
      ),
      `"steps" must hold batches of one size, users below ${users} and items below ${items}`,
    ],
    [
      ranking.targets.length === users && ranking.targets.flat().every(isItem),
      `"ranking.targets" must have a row of items below ${items} for each of ${users} users`,
    ],
    [
      Object.entries(ranking.metrics).every(([name, value]) =>
        /^[RN]@[1-9]\d*$/.test(name) && typeof value === "number"
      ),
      `"ranking.metrics" must hold numbers named like R@10 or N@10`,
    ],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) throw new InputError(`${path}: ${broken[1]}.`);
}

/**
 * Parses a golden file and checks that every quantity is there.
 *
 * @throws {InputError} when one is not, or has another shape: told by file and key.
 */
export function parseGolden(path: string, text: string): Golden {
  const golden = parseObject(path, text) as unknown as Golden;
  requireLayout(path, "", golden, LAYOUT);
  requireSizes(path, golden);
  return golden;
}
