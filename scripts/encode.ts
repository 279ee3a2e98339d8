/**
 * Encodes items' texts and pictures as features, without a trained network.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { IMAGE_FEATURE_WIDTH, imageFeatures } from "./encode/image_features.ts";
import { columnOf, type ItemsTable, parseItemsTable, rowsByItem } from "../src/data/items_table.ts";
import { cutSprite, decodePicture, type Picture } from "./encode/picture.ts";
import { itemText } from "./encode/text_features.ts";
import { writeAtomically } from "../src/files/write_atomically.ts";
import { encodeNpy } from "./encode/write_npy.ts";
import { textFeatures } from "./encode/text.ts";
import { openDevice } from "../src/gpu/device.ts";
import { InputError } from "../src/input_error.ts";
import {
  readInput,
  rejectUnknown,
  requireNumber,
  requireText,
  runScript,
} from "./cli/command_line.ts";

const HELP = `Encodes items' texts and pictures as text_feat.npy and image_feat.npy.

usage: deno run --allow-read --allow-write --allow-env=XDG_RUNTIME_DIR scripts/encode.ts \\
         --items FILE --out DIR [options]

  --items FILE     items as .csv or .tsv, with a column item (or itemID) of ids 0, 1, 2, …
  --out DIR        where the features go
  --text COLUMNS   columns to encode as text, such as title,category,brand
  --dims N         numbers per text (default 128)
  --images PATH    a folder of pictures named after the items' ids (0.png, 1.jpg, …),
                   or a sprite sheet: rows of 32 thumbnails of 48 × 48 pixels

example: deno run --allow-read --allow-write --allow-env=XDG_RUNTIME_DIR scripts/encode.ts \\
           --items data/shop/items.csv --text title,category,brand \\
           --images data/shop/thumbnails.png --out runs/features`;

/** What a picture in a folder may end in. */
const EXTENSIONS = ["png", "jpg", "jpeg"];

interface Features {
  readonly file: string;
  readonly values: Float32Array<ArrayBuffer>;
  readonly width: number;
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["items", "out", "text", "dims", "images"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const out = requireText("out", options.out);
  const path = requireText("items", options.items);
  const items = parseItemsTable(await readInput(path), path);
  const dims = requireNumber("dims", options.dims ?? "128");
  if (!Number.isInteger(dims) || dims < 1) {
    throw new InputError(`--dims must be a whole number from 1, not ${dims}.`);
  }
  if (!options.text && !options.images) {
    throw new InputError("--text or --images is needed: there is nothing to encode.");
  }
  const encoded: Features[] = [];
  if (options.text) encoded.push(await encodeText(items, options.text.split(","), dims));
  if (options.images) encoded.push(await encodeImages(items, options.images));
  for (const { file, values, width } of encoded) {
    await writeAtomically(`${out}/${file}`, encodeNpy(values, width));
    console.log(`${out}/${file}: ${values.length / width} × ${width}`);
  }
}

async function encodeText(
  items: ItemsTable,
  names: readonly string[],
  dims: number,
): Promise<Features> {
  const columns = names.map((name) => columnOf(items, name));
  const texts = rowsByItem(items).map((row) => itemText(columns.map((column) => column[row]!)));
  using gpu = await openDevice();
  return { file: "text_feat.npy", values: await textFeatures(gpu, texts, dims), width: dims };
}

async function encodeImages(items: ItemsTable, path: string): Promise<Features> {
  const ids = rowsByItem(items).keys();
  const isFolder = (await statOf(path)).isDirectory;
  const pictures = isFolder
    ? readPictures(path, ids)
    : cutSprite(decodePicture(await Deno.readFile(path), path), items.rows.length, path);
  return {
    file: "image_feat.npy",
    values: imageFeatures(pictures),
    width: IMAGE_FEATURE_WIDTH,
  };
}

/** One picture at a time: a catalogue's pictures need not fit into memory together. */
function* readPictures(folder: string, ids: Iterable<number>): Generator<Picture> {
  const names = new Set([...Deno.readDirSync(folder)].map(({ name }) => name));
  for (const id of ids) {
    const name = EXTENSIONS.map((extension) => `${id}.${extension}`).find((each) =>
      names.has(each)
    );
    if (name === undefined) {
      throw new InputError(`${folder} has no picture of item ${id}: ${id}.png or ${id}.jpg.`);
    }
    yield decodePicture(Deno.readFileSync(`${folder}/${name}`), `${folder}/${name}`);
  }
}

async function statOf(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

if (import.meta.main) await runScript(main);
