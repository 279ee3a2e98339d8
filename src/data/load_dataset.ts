/**
 * Loads a dataset from a folder, whatever published layout it has.
 *
 * @module
 */

import { openSource } from "../files/open_source.ts";
import type { Source } from "../files/source.ts";
import { InputError } from "../input_error.ts";
import { csvInteractions } from "./layouts/csv_interactions.ts";
import { buildDataset, type Dataset, type Interactions } from "./dataset.ts";
import { openFeatures } from "./features.ts";
import { freerec } from "./layouts/freerec.ts";
import { lattice } from "./layouts/lattice.ts";
import type { FileSet } from "./layouts/layout.ts";
import { mmrec } from "./layouts/mmrec.ts";
import { readNeighbourRows } from "./neighbour_lists.ts";
import { readTitles } from "./titles.ts";

const LAYOUTS = [mmrec, freerec, lattice, csvInteractions];

/** What the frameworks' files call a modality, where it is not what the paper calls it. */
const PAPER_NAMES: Readonly<Record<string, string>> = { textual: "text", visual: "image" };

/** Where the LATTICE layout keeps its files. */
const INNER_FOLDER = "5-core";

/**
 * Loads the dataset in `folder`, named after it: interactions in the MMRec, freerec, LATTICE or CSV
 * layout; features from `NAME_feat.npy` or `NAME_modality.npy`; neighbours from `NAME_knn.tsv`; titles
 * from items.csv or a titles file. Other files are passed over. Features stay where they are until they
 * are read.
 *
 * @param folder A path on disk, which needs Deno; the http(s) URL of a folder on any static host, whose
 * files.json lists its files' names; or files from elsewhere.
 * @throws {InputError} No layout fits or several do, or a file is wrong: told by file, line, value.
 */
export async function loadDataset(folder: string | URL | Source): Promise<Dataset> {
  const isPlace = typeof folder === "string" || folder instanceof URL;
  const source = isPlace ? await openSource(folder) : folder;
  const names = [...await source.names(), ...await source.names(INNER_FOLDER)].sort();
  const dataset = buildDataset({
    name: source.name,
    interactions: await readInteractions(source, names),
    features: await readEach(
      filesByModality(source, names, /^(?:5-core\/)?([^/]+)_(?:feat|modality)\.npy$/),
      async (name) => await openFeatures(await source.open(name)),
    ),
    neighbours: await readEach(
      filesByModality(source, names, /^([^/]+)_knn\.tsv$/),
      (name) => readNeighbourRows(source, name),
    ),
    titles: await readTitles(source, names),
  });
  return source.address === undefined ? dataset : { ...dataset, folder: source.address };
}

async function readInteractions(source: Source, names: FileSet): Promise<Interactions> {
  const found = [];
  for (const layout of LAYOUTS) {
    for (const files of await layout.find(source, names)) found.push({ layout, files });
  }
  const [first, second] = found;
  if (!first) {
    throw new InputError(
      `${source.path} holds ${
        names.join(", ") || "no files"
      }, which is none of the layouts known: ` +
        LAYOUTS.map(({ title, shape }) => `${title} (${shape})`).join("; ") + ".",
    );
  }
  if (second) {
    throw new InputError(
      `${source.path} can be read in more than one way: ` +
        found.map(({ layout, files }) => `${layout.title} (${files.join(", ")})`).join("; ") + ".",
    );
  }
  return await first.layout.read(source, first.files);
}

/** File names by modality, which `pattern` captures from them. */
function filesByModality(
  { path }: Source,
  names: FileSet,
  pattern: RegExp,
): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of names) {
    const stem = pattern.exec(name)?.[1];
    if (stem === undefined) continue;
    const modality = PAPER_NAMES[stem] ?? stem;
    const other = files.get(modality);
    if (other !== undefined) {
      throw new InputError(
        `${path}/${other} and ${path}/${name} both describe modality "${modality}".`,
      );
    }
    files.set(modality, name);
  }
  return files;
}

/** What is read from each modality's file. */
async function readEach<T>(
  files: ReadonlyMap<string, string>,
  read: (name: string) => Promise<T>,
): Promise<Record<string, T>> {
  const results: Record<string, T> = {};
  for (const [modality, name] of files) results[modality] = await read(name);
  return results;
}
