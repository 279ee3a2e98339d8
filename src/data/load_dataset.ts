/**
 * Loads a dataset from a folder, whatever published layout it has.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { csvInteractions } from "./layouts/csv_interactions.ts";
import {
  buildDataset,
  type Dataset,
  type Interactions,
  type Modality,
  withModalities,
} from "./dataset.ts";
import { openFeatures } from "./features.ts";
import { freerec } from "./layouts/freerec.ts";
import { lattice } from "./layouts/lattice.ts";
import type { FileSet } from "./layouts/layout.ts";
import { mmrec } from "./layouts/mmrec.ts";
import { readNeighbourLists } from "./neighbour_lists.ts";

const LAYOUTS = [mmrec, freerec, lattice, csvInteractions];

/** What the frameworks' files call a modality, where it is not what the paper calls it. */
const PAPER_NAMES: Readonly<Record<string, string>> = { textual: "text", visual: "image" };

/**
 * Loads the dataset in `folder`, named after it: interactions in the MMRec, freerec, LATTICE or CSV
 * layout; features from `NAME_feat.npy` or `NAME_modality.npy`; neighbours from `NAME_knn.tsv`.
 * Other files are passed over. Features stay on disk until they are read.
 *
 * @throws {InputError} No layout fits or several do, or a file is wrong: told by file, line, value.
 */
export async function loadDataset(folder: string): Promise<Dataset> {
  const names = await listFiles(folder);
  const interactions = await readInteractions(folder, names);
  const path = await Deno.realPath(folder);
  const name = path.split(/[\\/]/).at(-1)!;
  const dataset = { ...buildDataset({ name, interactions }), folder: path };
  return withModalities(dataset, await openModalities(folder, names, dataset.itemCount));
}

async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const inside of ["", "5-core/"]) {
    try {
      for await (const entry of Deno.readDir(`${folder}/${inside}`)) {
        if (!entry.isDirectory) names.push(inside + entry.name);
      }
    } catch (error) {
      const missing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory;
      if (!missing) throw error;
      if (inside === "") throw new InputError(`${folder} is not a folder.`);
    }
  }
  return names.sort();
}

async function readInteractions(folder: string, names: FileSet): Promise<Interactions> {
  const found = [];
  for (const layout of LAYOUTS) {
    for (const files of await layout.find(folder, names)) found.push({ layout, files });
  }
  const [first, second] = found;
  if (!first) {
    throw new InputError(
      `${folder} holds ${names.join(", ") || "no files"}, which is none of the layouts known: ` +
        LAYOUTS.map(({ title, shape }) => `${title} (${shape})`).join("; ") + ".",
    );
  }
  if (second) {
    throw new InputError(
      `${folder} can be read in more than one way: ` +
        found.map(({ layout, files }) => `${layout.title} (${files.join(", ")})`).join("; ") + ".",
    );
  }
  return await first.layout.read(folder, first.files);
}

async function openModalities(
  folder: string,
  names: FileSet,
  itemCount: number,
): Promise<Modality[]> {
  const features = filesByModality(folder, names, /^(?:5-core\/)?([^/]+)_(?:feat|modality)\.npy$/);
  const neighbours = filesByModality(folder, names, /^([^/]+)_knn\.tsv$/);
  const modalities: Modality[] = [];
  for (const name of new Set([...features.keys(), ...neighbours.keys()])) {
    const featureFile = features.get(name);
    const neighbourFile = neighbours.get(name);
    modalities.push({
      name,
      features: featureFile ? await openFeatures(featureFile) : undefined,
      neighbours: neighbourFile ? await readNeighbourLists(neighbourFile, itemCount) : undefined,
    });
  }
  return modalities;
}

/** Paths by modality name, which `pattern` captures from the file name. */
function filesByModality(folder: string, names: FileSet, pattern: RegExp): Map<string, string> {
  const paths = new Map<string, string>();
  for (const name of names) {
    const stem = pattern.exec(name)?.[1];
    if (stem === undefined) continue;
    const modality = PAPER_NAMES[stem] ?? stem;
    const path = `${folder}/${name}`;
    const other = paths.get(modality);
    if (other !== undefined) {
      throw new InputError(`${other} and ${path} both describe modality "${modality}".`);
    }
    paths.set(modality, path);
  }
  return paths;
}
