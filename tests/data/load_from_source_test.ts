/** Datasets from elsewhere than a path: URLs of the disk and the web, and files in memory. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fingerprint } from "../../src/data/fingerprint.ts";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { diskFolder } from "../../src/files/deno_source.ts";
import type { Source } from "../../src/files/source.ts";
import { InputError } from "../../src/input_error.ts";
import { withHost } from "../files/static_host.ts";
import { encodeNpy, type Files, withFolder } from "./dataset_folder.ts";

const CSV = "user,item,split\n0,2,train\n0,0,0\n1,1,train\n0,1,valid\n1,2,1\n1,0,test\n";
const LATTICE: Files = {
  "5-core/train.json": '{"0": [2, 0], "1": [1]}',
  "5-core/val.json": '{"0": [1], "1": [2]}',
  "5-core/test.json": '{"1": [0]}',
  "5-core/text_feat.npy": encodeNpy([[1, 2], [3, 4], [5, 6]], { fortranOrder: true }),
  "text_knn.tsv": "item\tneighbor\tcos\n0\t1\t0.5\n1\t2\t0.5\n2\t1\t0.5\n",
};

const ROOT = new URL("../../", import.meta.url);
const SHOP = fileURLToPath(new URL("data/shop", ROOT));

Deno.test("titles come with the dataset, and it tells its folder", async () => {
  await withFolder({ "interactions.csv": CSV }, async (folder) => {
    const dataset = await loadDataset(folder);
    assertEquals([dataset.folder, dataset.titles], [folder, new Map()]);
  });
  const items = "item,title\n0,Mug\n2,Salt &amp; pepper\n";
  await withFolder({ "interactions.csv": CSV, "items.csv": items }, async (folder) => {
    const expected = new Map([[0, "Mug"], [2, "Salt & pepper"]]);
    assertEquals((await loadDataset(folder)).titles, expected);
    assertEquals((await loadDataset(pathToFileURL(folder))).titles, expected);
  });
});

Deno.test("files may come from anywhere that can list and read them", async () => {
  const files = { ...LATTICE, "titles.tsv": "itemID\ttitle\n1\tPan\n" };
  const dataset = await loadDataset(heldFiles("memory", files));
  assertEquals([dataset.name, dataset.folder], ["memory", undefined]);
  assertEquals(dataset.titles, new Map([[1, "Pan"]]));
  const broken = heldFiles("memory", { ...files, "5-core/val.json": "[]" });
  await assertRejects(
    () => loadDataset(broken),
    InputError,
    "memory/5-core/val.json is not a JSON",
  );
  await withFolder(files, async (folder) => {
    assertEquals(await fingerprint(dataset), await fingerprint(await loadDataset(folder)));
  });
});

/** A folder that is in memory alone. */
function heldFiles(name: string, files: Files): Source {
  const read = (file: string): Promise<Uint8Array<ArrayBuffer>> => {
    const content = files[file]!;
    return Promise.resolve(
      typeof content === "string" ? new TextEncoder().encode(content) : content.slice(),
    );
  };
  return {
    name,
    path: name,
    names: (inside) =>
      Promise.resolve(
        Object.keys(files).filter((each) => each.includes("/") === (inside !== undefined)),
      ),
    read,
    open: async (file) => {
      const bytes = await read(file);
      const part = (from: number, to: number) => Promise.resolve(bytes.slice(from, to));
      return { path: `${name}/${file}`, size: bytes.length, read: part };
    },
  };
}

async function shopFiles(): Promise<Record<string, Uint8Array>> {
  const source = await diskFolder(SHOP);
  const names = await source.names();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await source.read(name)])),
  );
}

Deno.test("the shop lists its files for static hosts", async () => {
  const { "files.json": list, ...others } = await shopFiles();
  assertEquals(JSON.parse(new TextDecoder().decode(list)), Object.keys(others).sort());
});

for (const ranges of ["told", "none"] as const) {
  Deno.test(`the shop from a static host is that from disk, its ranges ${ranges}`, async () => {
    const disk = await loadDataset(SHOP);
    await withHost(await shopFiles(), ranges, async ({ url, asked }) => {
      const web = await loadDataset(url);
      assertEquals([web.name, web.folder, web.titles], ["shop", url, disk.titles]);
      const opened = asked.filter((each) => each.includes("image_feat.npy"));
      assertEquals(opened, ["image_feat.npy bytes=0-65535"]);
      const [rows, ofDisk] = await Promise.all(
        [web, disk].map(({ modalities }) => modalities[1]!.features!.read(700, 702)),
      );
      assertEquals(rows, ofDisk);
      const byteOfRow = (row: number) => 128 + row * 276 * 4;
      const range = `image_feat.npy bytes=${byteOfRow(700)}-${byteOfRow(702) - 1}`;
      assertEquals(asked.at(-1) === range, ranges === "told");
      assertEquals(await fingerprint(web), await fingerprint(disk));
      assert(!asked.some((each) => each.includes("thumbnails")), "what is not needed is not read");
    });
  });
}

Deno.test("folders inside, Fortran order and faults are the same on the web", async () => {
  const listed = { ...LATTICE, "files.json": JSON.stringify(Object.keys(LATTICE)) };
  await withHost(listed, "told", async ({ url }) => {
    const dataset = await loadDataset(new URL(url));
    const [text] = dataset.modalities;
    assertEquals(await text?.features?.read(0, 3), new Float32Array([1, 2, 3, 4, 5, 6]));
    assertEquals(text?.neighbours?.source, `${url}/text_knn.tsv`);
  });
  const broken = { ...listed, "5-core/val.json": '{"0": [-3]}' };
  await withHost(broken, "told", async ({ url }) => {
    const says = `${url}/5-core/val.json key "0", entry 1: item -3 is not a whole number from 0.`;
    await assertRejects(() => loadDataset(url), InputError, says);
  });
});

/** Takes Deno away, as in a browser, loads the dataset at URL and prints its fingerprint. */
const WITHOUT_DENO = `
  delete globalThis.Deno;
  const { loadDataset } = await import("ROOTsrc/data/load_dataset.ts");
  const { fingerprint } = await import("ROOTsrc/data/fingerprint.ts");
  console.log(await fingerprint(await loadDataset("URL")));
  await loadDataset("data/shop").catch((error) => console.log(error.message));
`;

Deno.test("where there is no Deno, datasets come from the web", async () => {
  await withHost(await shopFiles(), "told", async ({ url }) => {
    const code = WITHOUT_DENO.replaceAll("ROOT", ROOT.href).replace("URL", url);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      cwd: ROOT,
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals([decode(stdout).split("\n"), decode(stderr)], [
      [
        await fingerprint(await loadDataset(SHOP)),
        "data/shop is on disk, which only Deno reads: give an http(s) URL.",
        "",
      ],
      "",
    ]);
  });
});
