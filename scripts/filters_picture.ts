/**
 * Draws models as functions of the spectrum of the interactions' graph: src/models/filters.svg.
 *
 * With Ã the normalised graph of users and items, of eigenvalues λ from −1 to 1, each model passes a direction of
 * eigenvalue λ on by a factor f(λ); all are drawn as f(λ) / f(1).
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import { forwardRatios, layerWeights } from "../src/ops/graphs/layer_weights.ts";
import { writeAtomically } from "../src/files/write_atomically.ts";
import { rejectUnknown, runScript } from "./cli/command_line.ts";

const HELP = `Draws models as functions of the spectrum of the interactions' graph.

usage: deno run --allow-read --allow-write=src/models scripts/filters_picture.ts [options]

  --out FILE   where to (default: src/models/filters.svg)
  -h, --help`;

/** A curve: its name beside its line, at the eigenvalue where it stands, and its function. */
interface Curve {
  readonly name: string;
  readonly at: number;
  readonly above?: boolean;
  readonly f: (lambda: number) => number;
}

/** A panel with its curves, the first drawn strongest. */
interface Panel {
  readonly title: string;
  readonly below: string;
  readonly curves: readonly Curve[];
}

/** Settings of Baby, in which the 64th singular value of the normalised interactions is 0.64. */
const LAYERS = 3, DIM = 64, GAMMA = 0.1, STRONGEST = 0.64;
/** λ₀ / σ₁² of the interactions of Baby: 200 / 807. */
const RIDGE = 0.25;

const ratios = forwardRatios(DIM, GAMMA);
const polynomial = (weights: ArrayLike<number>) => (lambda: number): number =>
  Array.from(weights).reduce((sum, weight, power) => sum + weight * lambda ** power, 0);
const column = (number: number) => polynomial(layerWeights(ratios[number - 1]!, LAYERS));
const ridge = (lambda: number): number => lambda ** 2 / (lambda ** 2 + RIDGE);

const panels: readonly Panel[] = [
  {
    title: "LightGCN",
    below: "(1 + λ + λ² + λ³) / 4",
    curves: [{ name: "all columns", at: 0.1, f: polynomial([0.25, 0.25, 0.25, 0.25]) }],
  },
  {
    title: "STAIR's FSC",
    below: "Σ α_l λ^l by column, γ = 0.1",
    curves: [
      { name: "column 1", at: -0.55, f: column(1) },
      { name: "2", at: -0.72, above: true, f: column(2) },
      { name: "64", at: -0.9, f: column(64) },
    ],
  },
  {
    title: "Item filter, ItemKNN, RP3β",
    below: "λ², before the nearest are chosen",
    curves: [{ name: "λ²", at: 0.35, f: (lambda) => lambda ** 2 }],
  },
  {
    title: "EASE, PureSVD, GF-CF",
    below: "λ² / (λ² + λ₀); 1 or 0; λ² and that",
    curves: [
      { name: "EASE", at: -0.3, above: true, f: ridge },
      {
        name: "PureSVD",
        at: 0.7,
        above: true,
        f: (lambda) => Number(Math.abs(lambda) >= STRONGEST),
      },
      {
        name: "GF-CF",
        at: 0.06,
        above: true,
        f: (lambda) => lambda ** 2 + Number(Math.abs(lambda) >= STRONGEST),
      },
    ],
  },
];

const WIDTH = 220, HEIGHT = 150, GAP = 24, LEFT = 36, TOP = 40;
const COLOURS = ["a", "b", "c"] as const;

const x = (lambda: number): number => (lambda + 1) / 2 * WIDTH;
const y = (value: number): number => HEIGHT * (1 - value);
const at = (number: number): string => number.toFixed(1);

function drawCurve({ name, at: where, above = false, f }: Curve, place: number): string {
  const scaled = (lambda: number): number => f(lambda) / f(1);
  const points = Array.from({ length: 201 }, (_, step) => step / 100 - 1).map((lambda) =>
    `${at(x(lambda))},${at(y(scaled(lambda)))}`
  );
  const colour = COLOURS[place]!;
  return [
    `<polyline class="line ${colour}" points="${points.join(" ")}"/>`,
    `<text class="name ${colour}" x="${at(x(where))}" y="${
      at(y(scaled(where)) + (above ? -7 : 15))
    }">${name}</text>`,
  ].join("\n");
}

function drawPanel({ title, below, curves }: Panel, place: number): string {
  const axis = [-1, 0, 1].map((lambda) =>
    `<text class="tick" x="${at(x(lambda))}" y="${HEIGHT + 16}">${
      String(lambda).replace("-", "−")
    }</text>`
  );
  return [
    `<g transform="translate(${LEFT + place * (WIDTH + GAP)}, ${TOP})">`,
    `<text class="title" x="0" y="-20">${title}</text>`,
    `<text class="below" x="0" y="-6">${below}</text>`,
    `<path class="axis" d="M0,0V${HEIGHT}H${WIDTH}M${WIDTH / 2},0V${HEIGHT}"/>`,
    ...axis,
    ...place === 0
      ? [0, 1].map((value) => `<text class="tick" x="-12" y="${at(y(value) + 4)}">${value}</text>`)
      : [],
    ...curves.map(drawCurve).reverse(),
    "</g>",
  ].join("\n");
}

function draw(): string {
  const width = LEFT + panels.length * (WIDTH + GAP), height = TOP + HEIGHT + 42;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Models as functions of the spectrum">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 13px; }
.below, .tick { fill: #57606a; font-size: 11px; }
.tick { text-anchor: middle; }
.axis { stroke: #8c959f; stroke-width: 1; fill: none; }
.line { fill: none; stroke-width: 2; }
.line.a { stroke: #0969da; } .line.b { stroke: #bc4c00; } .line.c { stroke: #1a7f37; }
.name.a { fill: #0969da; } .name.b { fill: #bc4c00; } .name.c { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .below, .tick { fill: #9198a1; } .axis { stroke: #656c76; }
  .line.a { stroke: #4493f8; } .line.b { stroke: #f0883e; } .line.c { stroke: #3fb950; }
  .name.a { fill: #4493f8; } .name.b { fill: #f0883e; } .name.c { fill: #3fb950; }
}
</style>
${panels.map(drawPanel).join("\n")}
<text class="below" x="${LEFT}" y="${
    height - 6
  }">eigenvalue λ of the normalised graph of users and items; each model's factor for a direction of that eigenvalue, over its factor for λ = 1</text>
</svg>
`;
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["out"],
    alias: { h: "help" },
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const out = options.out ?? resolve(import.meta.dirname!, "../src/models/filters.svg");
  await writeAtomically(out, draw());
}

if (import.meta.main) await runScript(main);
