import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { InputError } from "../../src/input_error.ts";
import { encodeNpy, type Files, withFolder } from "./dataset_folder.ts";

// Two users, three items, in every layout: train 0-0 0-2 1-1, valid 0-1 1-2, test 1-0.
const TEXT = encodeNpy([[1, 2], [3, 4], [5, 6]]);
const IMAGE = encodeNpy([[1], [2], [3]], { descr: "<f8", fortranOrder: true });
const KNN = "item\tneighbor\tcos\n0\t0\t1\n0\t1\t0.5\n1\t2\t0.5\n2\t1\t0.5\n";

const MMREC: Files = {
  "toy.inter": "userID\titemID\tx_label\n0\t2\t0\n0\t0\t0\n1\t1\t0\n0\t1\t1\n1\t2\t1\n1\t0\t2\n",
  "text_feat.npy": TEXT,
  "image_feat.npy": IMAGE,
  "text_knn.tsv": KNN,
};
const FREEREC: Files = {
  "train.txt": "USER\tITEM\n0\t2\n0\t0\n1\t1\n",
  "valid.txt": "USER\tITEM\n0\t1\n1\t2\n",
  "test.txt": "USER\tITEM\n1\t0\n",
  "textual_modality.npy": TEXT,
  "visual_modality.npy": IMAGE,
  "text_knn.tsv": KNN,
};
const LATTICE: Files = {
  "5-core/train.json": '{"0": [2, 0], "1": [1]}',
  "5-core/val.json": '{"0": [1], "1": [2]}',
  "5-core/test.json": '{"0": [], "1": [0]}',
  "5-core/text_feat.npy": TEXT,
  "image_feat.npy": IMAGE,
  "text_knn.tsv": KNN,
};
const CSV: Files = {
  "interactions.csv": "user,item,split\n0,2,train\n0,0,0\n1,1,train\n0,1,valid\n1,2,1\n1,0,test\n",
  "text_feat.npy": TEXT,
  "image_feat.npy": IMAGE,
  "text_knn.tsv": KNN,
};

function rowsOf({ rowCount, rowStart, column }: Dataset["train"]): number[][] {
  return Array.from(
    { length: rowCount },
    (_, row) => [...column.subarray(rowStart[row], rowStart[row + 1])],
  );
}

async function assertIsToy(folder: string): Promise<void> {
  const dataset = await loadDataset(folder);
  assertEquals(dataset.name, folder.split("/").at(-1));
  assertEquals([dataset.userCount, dataset.itemCount], [2, 3]);
  assertEquals(rowsOf(dataset.train), [[0, 2], [1]]);
  assertEquals(rowsOf(dataset.valid), [[1], [2]]);
  assertEquals(rowsOf(dataset.test), [[], [0]]);
  const [text, image] = dataset.modalities;
  assertEquals(dataset.modalities.map(({ name }) => name), ["text", "image"]);
  assertEquals(await text?.features?.read(0, 3), new Float32Array([1, 2, 3, 4, 5, 6]));
  assertEquals(await image?.features?.read(0, 3), new Float32Array([1, 2, 3]));
  assertEquals(text?.neighbours?.nearest(1), new Uint32Array([1, 2, 1]));
  assertEquals(image?.neighbours, undefined);
}

function without(files: Files, name: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([each]) => each !== name));
}

function crlf(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === "string" ? content.replaceAll("\n", "\r\n") : content,
    ]),
  );
}

function withoutLastNewline(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === "string" ? content.replace(/\n$/, "") : content,
    ]),
  );
}

const FOLDERS: Record<string, Files> = {
  "MMRec": MMREC,
  "MMRec with more columns in another order": {
    ...MMREC,
    "toy.inter": "x_label\trating\titemID\tuserID\n" +
      "0\t5.0\t2\t0\n0\t\t0\t0\n0\t1\t1\t1\n1\t1\t1\t0\n1\tx\t2\t1\n2\t1\t0\t1\n",
  },
  "freerec": FREEREC,
  "freerec with a third column": {
    ...FREEREC,
    "test.txt": "USER\tITEM\tTIMESTAMP\n1\t0\t1400000000\n",
  },
  "LATTICE": LATTICE,
  "CSV": CSV,
  "CSV under another name": {
    ...without(CSV, "interactions.csv"),
    "mine.csv": CSV["interactions.csv"]!,
    "titles.csv": "item,title\n0,A\n",
  },
  "CSV with a byte order mark": {
    ...CSV,
    "interactions.csv": "\ufeff" + CSV["interactions.csv"],
  },
};

for (const [name, files] of Object.entries(FOLDERS)) {
  const others = { "README.md": "about", "titles.tsv": "item\ttitle\n", "sub/x.inter": "?" };
  Deno.test(`loads ${name}`, () => withFolder({ ...files, ...others }, assertIsToy));
  Deno.test(`loads ${name} with \\r\\n`, () => withFolder(crlf(files), assertIsToy));
  Deno.test(`loads ${name} without a last newline`, () =>
    withFolder(withoutLastNewline(files), assertIsToy));
}

Deno.test("a modality may be known by its neighbours alone, or not at all", async () => {
  await withFolder({ "toy.inter": MMREC["toy.inter"]!, "audio_knn.tsv": KNN }, async (folder) => {
    const { modalities } = await loadDataset(folder);
    assertEquals(modalities.map(({ name }) => name), ["audio"]);
    assertEquals(modalities[0]?.features, undefined);
    assertEquals(modalities[0]?.neighbours?.limit, 1);
  });
  await withFolder({ "toy.inter": MMREC["toy.inter"]! }, async (folder) => {
    assertEquals((await loadDataset(folder)).modalities, []);
  });
});

interface Fault {
  base: Files;
  /** Files in place of the base's. */
  files: Files;
  /** What the message says after the folder, if it starts with a file, or anywhere. */
  says: string;
}

const inter = (rows: string): Files => ({ "toy.inter": `userID\titemID\tx_label\n${rows}` });
const csv = (rows: string): Files => ({ "interactions.csv": `user,item,split\n${rows}` });
const SPLIT = "is not 0 (train), 1 (valid) or 2 (test).";
const WHOLE = "is not a whole number from 0.";

const FAULTS: Record<string, Fault> = {
  "MMRec: empty": { base: MMREC, files: { "toy.inter": "" }, says: "/toy.inter is empty." },
  "MMRec: header alone": {
    base: MMREC,
    files: inter(""),
    says: "/toy.inter has a header and no rows.",
  },
  "MMRec: no x_label": {
    base: MMREC,
    files: { "toy.inter": "userID\titemID\n0\t0\n" },
    says: '/toy.inter line 1: no column "x_label" among "userID", "itemID".',
  },
  "MMRec: negative id": {
    base: MMREC,
    files: inter("0\t0\t0\n-1\t1\t0\n"),
    says: `/toy.inter line 3: userID "-1" ${WHOLE}`,
  },
  "MMRec: id with a fraction": {
    base: MMREC,
    files: inter("0\t1.5\t0\n"),
    says: `/toy.inter line 2: itemID "1.5" ${WHOLE}`,
  },
  "MMRec: id is a word": {
    base: MMREC,
    files: inter("0\t0\t0\r\n0\tB00X\t0\r\n"),
    says: `/toy.inter line 3: itemID "B00X" ${WHOLE}`,
  },
  "MMRec: id too high": {
    base: MMREC,
    files: inter("0\t0\t0\n0\t1\t1\n99999999\t2\t2\n"),
    says: "/toy.inter line 4: user 99999999 is too high for 2 distinct users; ids must be dense",
  },
  "MMRec: id beyond 32 bits": {
    base: MMREC,
    files: inter("0\t0\t0\n0\t4294967297\t1\n0\t2\t2\n"),
    says: "/toy.inter line 3: item 4294967297 is too high for 3 distinct items",
  },
  "MMRec: unknown label": {
    base: MMREC,
    files: inter("0\t0\t3\n"),
    says: `/toy.inter line 2: x_label "3" ${SPLIT}`,
  },
  "MMRec: a column missing": {
    base: MMREC,
    files: inter("0\t0\t0\n0\t1\n"),
    says: "/toy.inter line 3 has 2 columns, but the header has 3.",
  },
  "MMRec: a column too many": {
    base: MMREC,
    files: inter("0\t0\t0\t9\n"),
    says: "/toy.inter line 2 has 4 columns, but the header has 3.",
  },
  "MMRec: a blank line": {
    base: MMREC,
    files: inter("0\t0\t0\n\n0\t1\t1\n"),
    says: '/toy.inter line 3: userID "" is not a whole number',
  },
  "MMRec: pair repeated": {
    base: MMREC,
    files: inter("0\t0\t0\n0\t1\t1\n0\t2\t2\n0\t0\t0\n"),
    says: "/toy.inter line 5: user 0 with item 0 was given already, in ",
  },
  "MMRec: no test rows": {
    base: MMREC,
    files: inter("0\t0\t0\n0\t1\t1\n"),
    says: "has no test interactions.",
  },
  "MMRec: two .inter files": {
    base: MMREC,
    files: { "other.inter": MMREC["toy.inter"]! },
    says: "can be read in more than one way: MMRec (other.inter); MMRec (toy.inter).",
  },
  "freerec: empty split file": {
    base: FREEREC,
    files: { "valid.txt": "" },
    says: "/valid.txt is empty.",
  },
  "freerec: split file without rows": {
    base: FREEREC,
    files: { "test.txt": "USER\tITEM\n" },
    says: "/test.txt has a header and no rows.",
  },
  "freerec: bad id": {
    base: FREEREC,
    files: { "valid.txt": "USER\tITEM\n0\t1\n1\t x\n" },
    says: `/valid.txt line 3: ITEM " x" ${WHOLE}`,
  },
  "freerec: no column USER": {
    base: FREEREC,
    files: { "train.txt": "user\tITEM\n0\t1\n" },
    says: '/train.txt line 1: no column "USER"',
  },
  "freerec: pair in two splits": {
    base: FREEREC,
    files: { "test.txt": "USER\tITEM\n1\t0\n0\t2\n" },
    says: "/test.txt line 3: user 0 with item 2 was given already, in FOLDER/train.txt line 2.",
  },
  "LATTICE: empty": {
    base: LATTICE,
    files: { "5-core/val.json": "" },
    says: "/5-core/val.json is empty.",
  },
  "LATTICE: not JSON": {
    base: LATTICE,
    files: { "5-core/val.json": '{\n"0": [1,\n}' },
    says: "/5-core/val.json is not JSON: ",
  },
  "LATTICE: a list": {
    base: LATTICE,
    files: { "5-core/val.json": "[[0, 1]]" },
    says: "/5-core/val.json is not a JSON object",
  },
  "LATTICE: user is a word": {
    base: LATTICE,
    files: { "5-core/val.json": '{"A1": [1]}' },
    says: '/5-core/val.json: key "A1" is not a user',
  },
  "LATTICE: items not in a list": {
    base: LATTICE,
    files: { "5-core/val.json": '{"1": 2}' },
    says: '/5-core/val.json key "1": 2 is not a list of items.',
  },
  "LATTICE: item is text": {
    base: LATTICE,
    files: { "5-core/val.json": '{"0": [1, "2"]}' },
    says: `/5-core/val.json key "0", entry 2: item "2" ${WHOLE}`,
  },
  "LATTICE: negative item": {
    base: LATTICE,
    files: { "5-core/val.json": '{"0": [-3]}' },
    says: `/5-core/val.json key "0", entry 1: item -3 ${WHOLE}`,
  },
  "LATTICE: key given twice": {
    base: LATTICE,
    files: { "5-core/val.json": '{"0": [1], "0": [2]}' },
    says: '/5-core/val.json: key "0" is given twice.',
  },
  "LATTICE: no interactions": {
    base: LATTICE,
    files: { "5-core/test.json": '{"0": []}' },
    says: "/5-core/test.json holds no interactions.",
  },
  "LATTICE: pair in two splits": {
    base: LATTICE,
    files: { "5-core/test.json": '{"0": [1, 0]}' },
    says:
      '/5-core/test.json key "0", entry 2: user 0 with item 0 was given already, in FOLDER/5-core/train.json key "0", entry 2.',
  },
  "LATTICE: features in both folders": {
    base: LATTICE,
    files: { "text_feat.npy": TEXT },
    says: 'both describe modality "text".',
  },
  "CSV: unknown split": {
    base: CSV,
    files: csv("0,0,train\n0,1,dev\n"),
    says: `/interactions.csv line 3: split "dev" ${SPLIT}`,
  },
  "CSV: no train rows": {
    base: CSV,
    files: csv("0,0,valid\n0,1,test\n"),
    says: "has no train interactions.",
  },
  "CSV: columns missing": {
    base: CSV,
    files: { "interactions.csv": "user;item;split\n0;0;0\n" },
    says: '/interactions.csv line 1: no column "user" among "user;item;split".',
  },
  "CSV: two files fit": {
    base: without(CSV, "interactions.csv"),
    files: { "a.csv": CSV["interactions.csv"]!, "b.csv": CSV["interactions.csv"]! },
    says: "can be read in more than one way: CSV (a.csv); CSV (b.csv).",
  },
  "two layouts": {
    base: MMREC,
    files: without(FREEREC, "textual_modality.npy"),
    says: "more than one way: MMRec (toy.inter); freerec (train.txt, valid.txt, test.txt).",
  },
  "no layout": {
    base: {},
    files: { "pairs.tsv": "0 1\n" },
    says: " holds pairs.tsv, which is none of the layouts known: MMRec (one NAME.inter); ",
  },
  "nothing": { base: {}, files: {}, says: " holds no files, which is none of the layouts known" },
  "two names of one modality": {
    base: MMREC,
    files: { "textual_modality.npy": TEXT },
    says: 'textual_modality.npy both describe modality "text".',
  },
  "feature rows unlike items": {
    base: MMREC,
    files: { "image_feat.npy": encodeNpy([[1], [2]]) },
    says: "/image_feat.npy has 2 rows, but ",
  },
  "features cut short": {
    base: MMREC,
    files: { "text_feat.npy": TEXT.slice(0, -4) },
    says: "/text_feat.npy is cut short",
  },
  "neighbour out of range": {
    base: MMREC,
    files: { "text_knn.tsv": KNN.replace("2\t1\t0.5", "2\t3\t0.5") },
    says: "/text_knn.tsv line 5: neighbor 3 is not one of the 3 items",
  },
};

for (const [name, { base, files, says }] of Object.entries(FAULTS)) {
  Deno.test(`${name}: an input error of one sentence`, () =>
    withFolder({ ...base, ...files }, async (folder) => {
      const { message } = await assertRejects(() => loadDataset(folder), InputError);
      const expected = says.replace("FOLDER", folder);
      assert(message.includes(says.startsWith("/") ? folder + expected : expected), message);
      assert(!message.includes("\n"), message);
    }));
}

Deno.test("a folder that is not there is an input error", async () => {
  await assertRejects(() => loadDataset("no/such/folder"), InputError, "is not a folder.");
});
