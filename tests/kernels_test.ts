/** Every kernel against its twin in oracle.ts, over shapes that are awkward for it. */
import { assertEquals } from "@std/assert";
import { openGpu } from "../src/gpu/device.ts";
import { getKernel } from "../src/gpu/kernel.ts";
import { type DispatchSize, Program } from "../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers } from "../src/gpu/tensor.ts";
import { createRandom, uniformBelow, uniformReal } from "../src/random.ts";
import { patternOf } from "../src/sparse/csr.ts";
import { gatherBatches } from "../src/training/sampler.ts";
import { type Arrays, type Numbers, oracle } from "./oracle.ts";

/** One dispatch. */
interface Case {
  readonly name: string;
  readonly tensors: Arrays;
  readonly params?: Numbers;
  readonly constants?: Numbers;
  readonly size: DispatchSize;
}

const kernelFolder = new URL("../kernels/", import.meta.url);
const random = createRandom(7);
const below = (bound: number): number => uniformBelow(random, bound);
const floats = (length: number, scale = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => scale * (2 * uniformReal(random) - 1));
const integers = (length: number, bound: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.from({ length }, () => below(bound));

/** A random pattern with about `perRow` entries per row; some rows are empty. */
function randomPattern(rows: number, columns: number, perRow: number) {
  const pairs = Array.from({ length: rows }, (_, row) => {
    const wanted = Math.min(columns, row % 3 === 0 ? 0 : below(2 * perRow + 1));
    const ids = new Set(Array.from({ length: wanted }, () => below(columns)));
    return [...ids].map((column) => [row, column] as const);
  });
  return patternOf(rows, columns, pairs.flat());
}

const propagateCases = (): Case[] =>
  [
    { rows: 1, dim: 4, first: 0, perRow: 1 },
    { rows: 7, dim: 12, first: 0, perRow: 3 },
    { rows: 300, dim: 64, first: 0, perRow: 9 },
    { rows: 33, dim: 256, first: 5, perRow: 4 },
    { rows: 40, dim: 20, first: 100, perRow: 40 },
    { rows: 70_001, dim: 4, first: 0, perRow: 1, workgroup_size: 1 }, // > 65,535 workgroups
  ].map(({ rows, dim, first, perRow, workgroup_size = 128 }) => {
    const { rowStart, column } = randomPattern(rows, rows, perRow);
    const elements = (first + rows) * dim;
    return {
      name: `${rows} rows from ${first}, dim ${dim}`,
      tensors: {
        row_start: rowStart,
        column,
        value: floats(column.length),
        base: floats(elements),
        input: floats(elements),
        weights: floats(2 * dim),
        output: new Float32Array(elements),
      },
      params: { rows, first_row: first },
      constants: { dim4: dim / 4, workgroup_size },
      size: { invocations: rows * Math.ceil(dim / 16) },
    };
  });

/** Batches of random triples; ids of the batch are few, so that rows repeat. */
function batchCases(toCase: (batch: ReturnType<typeof randomBatch>) => Omit<Case, "name">): Case[] {
  return [
    { users: 1, items: 2, triples: 1, batchSize: 1, step: 0, dim: 4 },
    { users: 5, items: 3, triples: 37, batchSize: 16, step: 1, dim: 12 },
    { users: 5, items: 3, triples: 37, batchSize: 16, step: 2, dim: 64 }, // partial
    { users: 900, items: 700, triples: 3000, batchSize: 1024, step: 2, dim: 64 },
    { users: 3, items: 4, triples: 300, batchSize: 300, step: 0, dim: 256 },
  ].map((sizes) => ({
    name: `batch ${sizes.step} of ${sizes.triples} triples by ${sizes.batchSize}, dim ${sizes.dim}`,
    ...toCase(randomBatch(sizes)),
  }));
}

function randomBatch({ users, items, triples, batchSize, step, dim }: Numbers) {
  const rows = users! + items!;
  const item = () => integers(triples!, items!).map((id) => users! + id);
  const epoch = gatherBatches(
    { user: integers(triples!, users!), positive: item(), negative: item() },
    { rows, triples: triples!, batchSize: batchSize! },
  );
  return {
    rows,
    dim: dim!,
    batchSize: batchSize!,
    epoch,
    clock: Uint32Array.of(step!, 17),
    h: floats(rows * dim!),
    params: { triples: triples!, batch_size: batchSize! },
    constants: { dim4: dim! / 4 },
    gathers: {
      batch_start: epoch.batchStart,
      row: epoch.row,
      entry_start: epoch.entryStart,
      partner: epoch.partner,
      signed_slot: epoch.signedSlot,
    },
  };
}

const elementwise = [1, 5, 1000, 70_001].map((vectors) => ({
  vectors,
  constants: { workgroup_size: vectors > 65_535 ? 1 : 128 },
}));

const tiles = [
  { rows: 1, candidates: 1, width: 4, k: 1 },
  { rows: 9, candidates: 65, width: 12, k: 3 },
  { rows: 64, candidates: 100, width: 64, k: 20 },
  { rows: 13, candidates: 7, width: 100, k: 128 }, // fewer candidates than k
  { rows: 1800, candidates: 1200, width: 4, k: 5, workgroup_size: 1 }, // > 65,535 workgroups,
];

const cases: Record<string, () => Case[]> = {
  propagate: propagateCases,

  propagate_near: () =>
    propagateCases().filter(({ params }) => params!.first_row === 0).flatMap((full) =>
      [[0, 2], [1, 2], [1, 0], [2, 1]].map(([row_reach, neighbour_reach]) => ({
        ...full,
        name: `${full.name}, reach ${row_reach} from ${neighbour_reach}`,
        tensors: {
          ...full.tensors,
          clock: Uint32Array.of(3, 9),
          // Of earlier batches, near this one, in this one.
          near: integers(full.params!.rows!, 40),
          output: floats(full.tensors.output!.length), // rows out of reach must stay as they are
        },
        params: {
          rows: full.params!.rows!,
          row_reach: row_reach!,
          neighbour_reach: neighbour_reach!,
        },
      }))
    ),

  mark_near: () =>
    batchCases(({ clock, gathers: { batch_start, row }, rows, batchSize }) => {
      const { rowStart, column } = randomPattern(rows, rows, 5);
      return {
        tensors: {
          clock,
          batch_start,
          row,
          row_start: rowStart,
          column,
          near: integers(rows, 4 * 17),
        },
        constants: { lanes: 8 },
        size: { invocations: Math.min(rows, 3 * batchSize) * 8 },
      };
    }),

  bpr_scores: () =>
    batchCases(({ epoch, clock, h, params, constants, batchSize }) => ({
      tensors: {
        user: epoch.user,
        positive: epoch.positive,
        negative: epoch.negative,
        clock,
        h,
        margin: new Float32Array(batchSize),
      },
      params,
      constants,
      size: { invocations: batchSize },
    })),

  bpr_coefficients: () =>
    batchCases(({ epoch, clock, params, batchSize }) => {
      const margin = floats(batchSize, 10);
      // Far out, where a careless exponential overflows or a careless logarithm gives 0.
      margin.set([0, 100, -100, 1e4, -1e4, 1e-6].slice(0, batchSize));
      return {
        tensors: {
          clock,
          margin,
          coefficient: new Float32Array(batchSize),
          loss: new Float32Array(epoch.batchStart.length - 1),
        },
        params,
        size: { workgroups: 1 },
      };
    }),

  bpr_gradient: () =>
    batchCases(({ clock, h, gathers, constants, rows, dim, batchSize }) => ({
      tensors: {
        clock,
        ...gathers,
        coefficient: floats(batchSize),
        h,
        gradient: floats(rows * dim), // rows that are not touched must stay as they are
      },
      constants,
      size: { invocations: Math.min(rows, 3 * batchSize) * dim / 4 },
    })),

  clear_rows: () =>
    batchCases(({ clock, gathers, constants, rows, dim, batchSize }) => ({
      tensors: {
        clock,
        batch_start: gathers.batch_start,
        row: gathers.row,
        matrix: floats(rows * dim),
      },
      constants,
      size: { invocations: Math.min(rows, 3 * batchSize) * dim / 4 },
    })),

  adam_direction: () =>
    elementwise.map(({ vectors, constants }) => ({
      name: `${vectors} vec4`,
      tensors: {
        clock: Uint32Array.of(1, 17),
        schedule: Float32Array.of(9, 9, 2.5, 1.25, 9, 9),
        gradient: floats(4 * vectors),
        direction: new Float32Array(4 * vectors),
        first_moment: floats(4 * vectors),
        second_moment: floats(4 * vectors).map(Math.abs),
      },
      params: {
        vectors,
        decay_first: 0.9,
        gain_first: 0.1,
        decay_second: 0.999,
        gain_second: 0.001,
        epsilon: 1e-8,
      },
      constants,
      size: { invocations: vectors },
    })),

  decayed_update: () =>
    elementwise.map(({ vectors, constants }) => ({
      name: `${vectors} vec4 from the third`,
      tensors: { direction: floats(4 * (vectors + 2)), parameter: floats(4 * (vectors + 2)) },
      params: { first: 2, vectors, keep: 0.75, learning_rate: 0.125 },
      constants,
      size: { invocations: vectors },
    })),

  advance: () => [{
    name: "once",
    tensors: { clock: Uint32Array.of(41, 7) },
    size: { workgroups: 1 },
  }],

  scores: () =>
    tiles.map(({ rows, candidates, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${candidates}, width ${width}`,
      tensors: {
        queries: floats((2 + rows) * width),
        candidates: floats((3 + candidates) * width),
        scores: new Float32Array(candidates * Math.ceil(rows / 8) * 8),
      },
      params: {
        first_row: 2,
        row_count: rows,
        first_candidate_row: 3,
        candidate_count: candidates,
        width4: width / 4,
      },
      constants: { workgroup_size },
      size: { workgroups: Math.ceil(rows / 8) * Math.ceil(candidates / 4 / workgroup_size) },
    })),

  mask_seen: () =>
    tiles.map(({ rows, candidates }) => {
      const stride = Math.ceil(rows / 8) * 8;
      const { rowStart, column } = randomPattern(rows + 4, candidates + 20, 6);
      return {
        name: `${rows} × ${candidates}, a tile in the middle`,
        tensors: { row_start: rowStart, column, scores: floats(candidates * stride) },
        params: {
          first_query: 4,
          row_count: rows,
          row_stride: stride,
          first_candidate: 10,
          candidate_count: candidates,
        },
        size: { invocations: rows },
      };
    }),

  top_k: () =>
    [0, 50].flatMap((first_candidate) =>
      tiles.map(({ rows, candidates, k }) => {
        const stride = Math.ceil(rows / 8) * 8;
        // Few distinct scores, so that ties are common; some hidden.
        const scores = floats(candidates * stride).map((x) =>
          x > 0.8 ? -3.4e38 : Math.round(8 * x)
        );
        const best_score = new Float32Array((rows + 1) * k);
        const best_id = new Uint32Array((rows + 1) * k);
        for (let place = 0; place < best_score.length; place++) {
          best_score[place] = 4 - place % k;
          best_id[place] = 2 * (place % k);
        }
        return {
          name: `${rows} × ${candidates}, k ${k}, from candidate ${first_candidate}`,
          tensors: { scores, best_score, best_id },
          params: {
            first_query: 1,
            row_count: rows,
            row_stride: stride,
            first_candidate,
            candidate_count: candidates,
            k,
          },
          size: { invocations: rows },
        };
      })
    ),

  gram: () =>
    [[1, 4], [5, 12], [100, 64], [3, 260]].map(([rows, width]) => ({
      name: `${rows} × ${width}`,
      tensors: { x: floats(rows! * width!), total: floats(width! * width!) },
      params: { rows: rows!, width4: width! / 4 },
      size: { invocations: (width! / 4) ** 2 },
    })),

  product: () =>
    [[1, 1, 4], [7, 13, 8], [70, 128, 64], [70_001, 2, 4]].flatMap(([rows, inner, columns]) =>
      [[0, 1], [1, -1]].map(([keep, gain]) => ({
        name: `${rows} × ${inner} × ${columns}, keep ${keep}`,
        tensors: {
          a: floats(rows! * inner!),
          b: floats(inner! * columns!),
          // Replaced memory may hold anything.
          y: keep === 0 ? new Float32Array(rows! * columns!).fill(NaN) : floats(rows! * columns!),
        },
        params: { rows: rows!, inner: inner!, columns4: columns! / 4, keep: keep!, gain: gain! },
        constants: { workgroup_size: rows! > 65_535 ? 1 : 64 },
        size: { invocations: rows! * columns! / 4 },
      }))
    ),
};

Deno.test("every kernel has a twin and a table", () => {
  const files = [...Deno.readDirSync(kernelFolder)].map(({ name }) => name.replace(".wgsl", ""));
  assertEquals(Object.keys(oracle).sort(), files.sort());
  assertEquals(Object.keys(cases).sort(), files.sort());
});

for (const [name, table] of Object.entries(cases)) {
  Deno.test(`kernel ${name} equals its twin`, async (test) => {
    using gpu = await openGpu();
    const code = Deno.readTextFileSync(new URL(`${name}.wgsl`, kernelFolder));
    for (const { name: title, tensors, params = {}, constants = {}, size } of table()) {
      await test.step(title, async () => {
        const kernel = getKernel(gpu, { name, code }, constants);
        using resources = new DisposableStack();
        const uploaded = Object.entries(tensors).map(([label, data]) =>
          resources.use(createTensor(gpu, label, [data.length], data))
        );
        const program = resources.use(new Program(gpu, title));
        const bound = Object.fromEntries(uploaded.map((tensor) => [tensor.label, tensor]));
        program.dispatch(kernel, bound, params, size);
        program.run();
        const [asFloats, asIntegers] = [
          await readFloats(gpu, ...uploaded),
          await readIntegers(gpu, ...uploaded),
        ];
        oracle[name]!(tensors, params, constants);
        Object.values(tensors).forEach((expected, i) => {
          const actual = expected instanceof Float32Array ? asFloats[i]! : asIntegers[i]!;
          compare(uploaded[i]!.label, actual, expected);
        });
      });
    }
  });
}

/** f32 sums differ from f64 ones by rounding: at most 1e-5 of the largest entry. */
function compare(label: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const exact = expected instanceof Uint32Array;
  const values = Array.from(expected).filter((x) => Math.abs(x) < 1e38);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const tolerance = exact ? 0 : 1e-5 * largest;
  const wrong: string[] = [];
  for (let i = 0; i < expected.length && wrong.length < 5; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance)) {
      wrong.push(`${label}[${i}] is ${actual[i]}, not ${expected[i]}`);
    }
  }
  assertEquals(wrong, []);
}
