/** Awkward shapes for the kernels that gather rows of a batch. */
import type { Numbers } from "../oracle.ts";
import { batchCases, type Case, floats, randomBatch } from "./random_case.ts";

type Batch = ReturnType<typeof randomBatch>;

const NO_BLOCK = 0xffffffff;

/** Widths that are no multiples of 4, whatever the batch says. */
const widths = [1, 7, 64];

function ofWidths(toCase: (batch: Batch, width: number) => Omit<Case, "name">): Case[] {
  return widths.flatMap((width) =>
    batchCases((batch) => toCase(batch, width))
      .map((one) => ({ ...one, name: `${one.name.replace(/, dim.*/, "")}, width ${width}` }))
  );
}

/** More workgroups than one dimension holds. */
const large = { users: 900, items: 700, triples: 35_000, batchSize: 35_000, step: 0, dim: 4 };

function gather(batch: Batch, width: number, constants: Numbers = {}): Omit<Case, "name"> {
  const { epoch, clock, rows, users, batchSize, params } = batch;
  return {
    tensors: {
      clock,
      list: epoch.negative,
      table: floats((rows - users) * width),
      output: floats(2 * batchSize * width), // the other block must stay as it is
    },
    params: { ...params, width, first_row: users, block: 1 },
    constants,
    size: { invocations: batchSize * width },
  };
}

/** Which tables and lists are gathered. */
const uses = [
  { of: "users and items", table: "all", user_block: 0, positive_block: 1, negative_block: 2 },
  {
    of: "users",
    table: "users",
    user_block: 0,
    positive_block: NO_BLOCK,
    negative_block: NO_BLOCK,
  },
  { of: "items", table: "items", user_block: NO_BLOCK, positive_block: 1, negative_block: 0 },
  {
    of: "negatives",
    table: "items",
    user_block: NO_BLOCK,
    positive_block: NO_BLOCK,
    negative_block: 0,
  },
] as const;

function scatter(
  batch: Batch,
  width: number,
  use: typeof uses[number],
  constants: Numbers = {},
): Omit<Case, "name"> {
  const { clock, gathers, rows, users, batchSize } = batch;
  const { of: _, table, ...blocks } = use;
  const { partner: __, ...csr } = gathers;
  const tableRows = { all: rows, users, items: rows - users }[table];
  return {
    tensors: {
      clock,
      ...csr,
      gathered: floats(3 * batchSize * width),
      gradient: floats(tableRows * width), // is added to
    },
    params: {
      batch_size: batchSize,
      width,
      first_row: table === "items" ? users : 0,
      rows: tableRows,
      users,
      ...blocks,
    },
    constants,
    size: { invocations: Math.min(rows, 3 * batchSize) * width },
  };
}

export const cases: Record<string, () => Case[]> = {
  gather_rows: () => [
    ...ofWidths((batch, width) => gather(batch, width)),
    { name: "> 65,535 workgroups", ...gather(randomBatch(large), 2, { workgroup_size: 1 }) },
  ],

  gather_rows_adjoint: () => [
    ...uses.flatMap((use) =>
      ofWidths((batch, width) => scatter(batch, width, use))
        .map((one) => ({ ...one, name: `${one.name}, ${use.of}` }))
    ),
    {
      name: "> 65,535 workgroups",
      ...scatter(randomBatch(large), 64, uses[0], { workgroup_size: 1 }),
    },
  ],
};
