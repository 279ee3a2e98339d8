/**
 * Which modules a browser loads, and which of them it must not.
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

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const ROOT = new URL("../", import.meta.url);

/** The graph of a module of this project; types, which leave no trace in JavaScript, do not count. */
export async function moduleGraph(entry: string): Promise<ModuleGraph> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
  const graph = { files: new Set<string>(), others: new Set<string>(), later: new Set<string>() };
  const visit = (specifier: string): void => {
    const file = fileOf(specifier);
    if (file === undefined) return void graph.others.add(specifier);
    if (graph.files.has(file)) return;
    graph.files.add(file);
    const found = modules.find((each) => each.specifier === specifier);
    for (const { code, isDynamic } of found?.dependencies ?? []) {
      if (code?.specifier === undefined) continue;
      if (isDynamic) graph.later.add(fileOf(code.specifier) ?? code.specifier);
      else visit(code.specifier);
    }
  };
  visit(new URL(entry, ROOT).href);
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

function fileOf(specifier: string): string | undefined {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : undefined;
}
