/**
 * Writes small dataset folders for tests, `.npy` files included.
 *
 * @module
 */

/** Numbers a `.npy` file may hold. */
export type NpyType = "<f2" | "<f4" | "<f8";

/** What {@linkcode encodeNpy} may be told beyond the rows. */
export interface NpyChoices {
  /** Type of the values; "<f4" when left out. */
  descr?: NpyType;
  /** Column after column instead of row after row. */
  fortranOrder?: boolean;
  /** Major version of the format; 1 when left out. */
  version?: number;
  /** What the header says instead, to make a faulty file. */
  header?: string;
}

/** The bytes of a `.npy` file with the given rows. */
export function encodeNpy(rows: number[][], choices: NpyChoices = {}): Uint8Array<ArrayBuffer> {
  const { descr = "<f4", fortranOrder = false, version = 1 } = choices;
  const width = rows[0]?.length ?? 0;
  const header = choices.header ?? `{'descr': '${descr}', 'fortran_order': ` +
      `${fortranOrder ? "True" : "False"}, 'shape': (${rows.length}, ${width}), }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const headerBytes = new TextEncoder().encode(header + "\n");
  const values = fortranOrder
    ? Array.from({ length: width }, (_, column) => rows.map((row) => row[column]!)).flat()
    : rows.flat();
  const size = Number(descr[2]);
  const dataStart = 8 + lengthBytes + headerBytes.length;
  const bytes = new Uint8Array(dataStart + values.length * size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  if (version === 1) view.setUint16(8, headerBytes.length, true);
  else view.setUint32(8, headerBytes.length, true);
  bytes.set(headerBytes, 8 + lengthBytes);
  for (const [index, value] of values.entries()) {
    const at = dataStart + index * size;
    if (descr === "<f2") view.setFloat16(at, value, true);
    else if (descr === "<f4") view.setFloat32(at, value, true);
    else view.setFloat64(at, value, true);
  }
  return bytes;
}

/** Files by name relative to the folder. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs `body` with a temporary folder that holds `files`. */
export async function withFolder(
  files: Files,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(path, bytes);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
