/**
 * Which file imports which, and what a browser loads of them.
 *
 * @module
 */

/** What a module needs when it is loaded: itself and its imports, theirs included. */
export interface ModuleGraph {
  /** Files of this project, relative to its root. */
  readonly files: ReadonlySet<string>;
  /** Other modules, as they are imported: packages and what Deno brings. */
  readonly others: ReadonlySet<string>;
  /** Files that are imported dynamically, which happens later or never. */
  readonly later: ReadonlySet<string>;
}

/** An import of a file of this project, as paths from its root or, beyond, as specifiers. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether only types are imported, which leave no trace in JavaScript. */
  readonly ofTypes: boolean;
  /** Whether it happens later or never. */
  readonly isDynamic: boolean;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const ROOT = new URL("../", import.meta.url);

/** All imports of the files that an entry leads to. */
export async function importsFrom(entry: string): Promise<Import[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
  return modules.flatMap(({ specifier, dependencies = [] }) => {
    const from = pathOf(specifier);
    if (from === specifier) return []; // a package's own
    return dependencies.flatMap(({ code, type, isDynamic = false }) => {
      const to = code?.specifier ?? type?.specifier;
      if (to === undefined) return [];
      return [{ from, to: pathOf(to), ofTypes: code?.specifier === undefined, isDynamic }];
    });
  });
}

/** The graph of a module of this project; types do not count. */
export async function moduleGraph(entry: string): Promise<ModuleGraph> {
  const imports = (await importsFrom(entry)).filter(({ ofTypes }) => !ofTypes);
  const graph = { files: new Set<string>(), others: new Set<string>(), later: new Set<string>() };
  const visit = (path: string): void => {
    if (path.includes(":")) return void graph.others.add(path);
    if (graph.files.has(path)) return;
    graph.files.add(path);
    for (const { to, isDynamic } of imports.filter(({ from }) => from === path)) {
      if (isDynamic) graph.later.add(to);
      else visit(to);
    }
  };
  visit(entry);
  return graph;
}

/** Files among these that name Deno's functions outside of comments. */
export async function filesWithDeno(files: Iterable<string>): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const code = text.replaceAll(/\/\*.*?\*\/|(?<!:)\/\/[^\n]*/gs, "");
    if (/\bDeno\s*[.[]/.test(code)) found.push(file);
  }
  return found;
}

function pathOf(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
}

/** The files below a folder whose names end so, as paths from the root, sorted. */
export function filesBelow(folder: string, ending = ".ts"): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) found.push(...filesBelow(`${folder}${name}/`, ending));
    else if (name.endsWith(ending)) found.push(folder + name);
  }
  return found.sort();
}

/** The text of a file of this project. */
export function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}
