/** Every kernel against its twin in oracle.ts, over shapes that are awkward for it. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../src/gpu/device.ts";
import {
  createEntryImage,
  createImage,
  type Image,
  PAIRS_PER_LINE,
} from "../src/gpu/gather/image.ts";
import { getKernel, type ShaderFile } from "../src/gpu/kernel.ts";
import { Program } from "../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers } from "../src/gpu/tensor.ts";
import { cases as denseCases } from "./kernel_tables/dense.ts";
import { cases as elementwiseCases } from "./kernel_tables/elementwise.ts";
import { withEachEnding } from "./kernel_tables/endings.ts";
import { cases as gatherBatchCases } from "./kernel_tables/gather_batch.ts";
import { cases as itemGraphCases } from "./kernel_tables/item_graph.ts";
import { cases as lossCases } from "./kernel_tables/losses.ts";
import { cases as mmsslCases } from "./kernel_tables/mmssl.ts";
import { cases as penaltyCases } from "./kernel_tables/penalties.ts";
import { cases as polynomialCases } from "./kernel_tables/polynomials.ts";
import { cases as gatherCases } from "./kernel_tables/gather.ts";
import { batchCases, type Case, floats, randomPattern } from "./kernel_tables/random_case.ts";
import { type Functions, NO_FUNCTIONS, oracle, partTwins } from "./oracle.ts";

const kernelFolder = new URL("../kernels/", import.meta.url);

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

/** Scores of a tile: whole groups of eight rows and four candidates. */
const tileElements = (rows: number, candidates: number): number =>
  Math.ceil(rows / 8) * 8 * Math.ceil(candidates / 4) * 4;

const cases: Record<string, () => Case[]> = {
  bpr_scores: () => [
    ...batchCases(({ epoch, clock, h, params, constants, batchSize }) => ({
      parts: ["bpr/epoch_rows"],
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
    ...batchCases(({ clock, dim, params, constants, batchSize }) => ({
      parts: ["bpr/gathered_rows"],
      tensors: {
        users: floats(batchSize * dim),
        items: floats(2 * batchSize * dim),
        clock,
        margin: new Float32Array(batchSize),
      },
      params,
      constants,
      size: { invocations: batchSize },
    })).map((one) => ({ ...one, name: `${one.name}, gathered` })),
  ],

  bpr_coefficients: () =>
    [
      { gamma: 0, weight: 1, term: 0, term_count: 1 },
      { gamma: 1e-10, weight: 0.5, term: 2, term_count: 4 },
      { gamma: 0.25, weight: 3, term: 0, term_count: 2 }, // large enough to show in every number
    ].flatMap((loss) =>
      batchCases(({ epoch, clock, params, batchSize }) => {
        const margin = floats(batchSize, 10);
        // Far out, where a careless exponential overflows or a careless logarithm gives 0.
        margin.set([0, 100, -100, 1e4, -1e4, 1e-6].slice(0, batchSize));
        return {
          tensors: {
            clock,
            margin,
            coefficient: new Float32Array(batchSize),
            terms: floats((epoch.batchStart.length - 1) * loss.term_count),
          },
          params: { ...params, ...loss },
          size: { workgroups: 1 },
        };
      }).map((one) => ({ ...one, name: `${one.name}, gamma ${loss.gamma}` }))
    ),

  ...denseCases,
  ...elementwiseCases,
  ...gatherBatchCases,
  ...itemGraphCases,
  ...mmsslCases,
  ...lossCases,
  ...penaltyCases,
  ...polynomialCases,
  ...gatherCases,

  each_vector: () =>
    elementwise.flatMap(({ vectors, constants }) => {
      const one = {
        name: `${vectors} vec4`,
        tensors: { result: floats(4 * vectors) },
        params: { vectors },
        constants,
        size: { invocations: vectors },
      };
      return withEachEnding(one, 4 * vectors);
    }),

  advance: () => [{
    name: "once",
    tensors: { next_clock: Uint32Array.of(41, 7) },
    size: { workgroups: 1 },
  }],

  scores: () =>
    tiles.map(({ rows, candidates, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${candidates}, width ${width}`,
      tensors: {
        queries: floats((2 + rows) * width),
        candidates: floats((3 + candidates) * width),
        scores: new Float32Array(tileElements(rows, candidates)),
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

  scores_image: () =>
    tiles.map(({ rows, candidates, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${candidates}, width ${width}`,
      tensors: {
        queries: floats(rows * width),
        candidates: floats(candidates * width),
        scores: new Float32Array(tileElements(rows, candidates)),
      },
      images: { queries: width / 4, candidates: width / 4 },
      params: { row_count: rows, candidate_count: candidates },
      constants: { workgroup_size, width4: width / 4 },
      size: { workgroups: Math.ceil(rows / 8) * Math.ceil(candidates / 4 / workgroup_size) },
    })),

  mask_seen: () =>
    tiles.map(({ rows, candidates }) => {
      const stride = Math.ceil(rows / 8) * 8;
      const { rowStart, column } = randomPattern(rows + 4, candidates + 20, 6);
      return {
        name: `${rows} × ${candidates}, a tile in the middle`,
        tensors: {
          row_start: rowStart,
          column,
          scores: floats(tileElements(rows, candidates)),
        },
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

  mask_ranked: () =>
    tiles.map(({ rows, candidates, workgroup_size = 64 }) => {
      const stride = Math.ceil(rows / 8) * 8;
      // Few distinct scores, so that ties are common.
      const rounded = (count: number) => floats(count).map((x) => Math.round(8 * x));
      const last_score = rounded(rows + 3);
      const last_id = Uint32Array.from(last_score, (_, row) => 10 + row * 7 % candidates);
      // A list that had too few candidates has no next one.
      last_score[rows + 2] = -3.4e38;
      last_id[rows + 2] = 0xffffffff;
      return {
        name: `${rows} × ${candidates}, a tile in the middle`,
        tensors: { last_score, last_id, scores: rounded(tileElements(rows, candidates)) },
        params: {
          first_query: 3,
          row_count: rows,
          row_stride: stride,
          first_candidate: 10,
          candidate_count: candidates,
        },
        constants: { workgroup_size },
        size: { invocations: stride * Math.ceil(candidates / 4) },
      };
    }),

  top_k: () =>
    [0, 50].flatMap((first_candidate) =>
      tiles.map(({ rows, candidates, k }) => {
        const stride = Math.ceil(rows / 8) * 8;
        // Few distinct scores, so that ties are common; some hidden.
        const scores = floats(tileElements(rows, candidates)).map((x) =>
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

/** Paths of the .wgsl files of a folder, without the ending. */
const filesOf = (folder: string): string[] =>
  [...Deno.readDirSync(new URL(folder, kernelFolder))].filter(({ isFile }) => isFile)
    .map(({ name }) => folder + name.replace(".wgsl", "")).sort();

const kernelFiles = filesOf("").filter((name) => name !== "prelude");
const partFiles = [...Deno.readDirSync(kernelFolder)].filter(({ isDirectory }) => isDirectory)
  .flatMap(({ name }) => filesOf(`${name}/`)).sort();

const sourceOf = (name: string): ShaderFile => ({
  name,
  code: Deno.readTextFileSync(new URL(`${name}.wgsl`, kernelFolder)),
});

/** The parts that declare a function which the code calls. */
const partsFor = (code: string): string[] =>
  partFiles.filter((part) =>
    Array.from(sourceOf(part).code.matchAll(/^fn (\w+)/gm))
      .some(([, name]) => new RegExp(`\\b${name}\\(`).test(code))
  );

Deno.test("every kernel has a twin and a table, every part a twin and a kernel", () => {
  assertEquals(Object.keys(oracle).sort(), kernelFiles);
  assertEquals(Object.keys(cases).sort(), kernelFiles);
  assertEquals(Object.keys(partTwins).sort(), partFiles);
  const called = new Set(kernelFiles.flatMap((name) => partsFor(sourceOf(name).code)));
  assertEquals([...called].sort(), partFiles);
});

for (const [name, makeTable] of Object.entries(cases)) {
  Deno.test(`kernel ${name} equals its twin`, async (test) => {
    using gpu = await openDevice();
    const source = sourceOf(name);
    const table = makeTable();
    const met = new Set(table.flatMap(({ parts = [] }) => parts));
    assertEquals([...met].sort(), partsFor(source.code));
    for (const { name: title, parts = [], tensors, images = {}, params = {}, ...one } of table) {
      await test.step(title, async () => {
        using resources = new DisposableStack();
        const uploaded = Object.entries(tensors).map(([label, data]) =>
          resources.use(createTensor(gpu, label, [data.length], data))
        );
        const program = resources.use(new Program(gpu, title));
        const bound = Object.fromEntries(uploaded.map((tensor) => [tensor.label, tensor]));
        const constants = { ...one.constants };
        const imaged: Record<string, Image> = {};
        for (const [label, dim4] of Object.entries(images)) {
          const tensor = bound[label]!;
          const rows = tensor.shape[0]! / (4 * dim4!);
          const image = imaged[label] = resources.use(createImage(gpu, label, rows, dim4!));
          program.copy({ ...tensor, shape: [rows, 4 * dim4!] }, image);
          constants.rows_per_line = image.rowsPerLine;
          delete bound[label];
        }
        if (source.code.includes("var entries: texture_storage_2d")) {
          const entries = tensors.entries as Uint32Array<ArrayBuffer>;
          imaged.entries = resources.use(createEntryImage(gpu, "entries", entries));
          constants.pairs_per_line = PAIRS_PER_LINE;
          delete bound.entries;
        }
        const kernel = getKernel(gpu, { ...source, parts: parts.map(sourceOf) }, constants);
        program.dispatch(kernel, bound, params, one.size, imaged);
        program.run();
        const [asFloats, asIntegers] = [
          await readFloats(gpu, ...uploaded),
          await readIntegers(gpu, ...uploaded),
        ];
        const declared = parts.map((part) => partTwins[part]!(tensors, params, constants));
        const functions = declared.reduce<Functions>(
          (all, some) => ({ ...all, ...some }),
          NO_FUNCTIONS,
        );
        oracle[name]!(tensors, params, constants, functions);
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
