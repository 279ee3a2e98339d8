/**
 * What a text says, as numbers: TF-IDF over words and pairs of words, without a trained network.
 *
 * @module
 */

import { decodeHTML } from "entities";
import type { SparseMatrix } from "../../src/sparse/csr.ts";

/** Which terms count. */
export interface TfIdfOptions {
  /** Terms in fewer texts than this are left out. */
  readonly minDocumentFrequency: number;
}

/** Weighted terms of each text. */
export interface TfIdf {
  /** texts × terms; every row has length 1, or is empty when the text has no known term. */
  readonly matrix: SparseMatrix;
  /** The term of each column, in code-unit order. */
  readonly vocabulary: readonly string[];
}

/**
 * TF-IDF with sublinear term frequency and smooth inverse document frequency:
 *
 *   w(d, t) = (1 + ln tf(d, t)) · (1 + ln((1 + N) / (1 + df(t)))),  each row scaled to length 1,
 *
 * with N texts, tf(d, t) the times t occurs in d, and df(t) the texts it occurs in. Terms are the
 * words of the text and its pairs of consecutive words.
 */
export function tfIdf(texts: readonly string[], options: TfIdfOptions): TfIdf {
  const counts = texts.map(countTerms);
  const documentFrequency = new Map<string, number>();
  for (const term of counts.flatMap((count) => [...count.keys()])) {
    documentFrequency.set(term, (documentFrequency.get(term) ?? 0) + 1);
  }
  const vocabulary = [...documentFrequency.keys()]
    .filter((term) => documentFrequency.get(term)! >= options.minDocumentFrequency)
    .sort();
  const columnOf = new Map(vocabulary.map((term, column) => [term, column]));
  const inverseFrequency = vocabulary.map((term) =>
    1 + Math.log((1 + texts.length) / (1 + documentFrequency.get(term)!))
  );

  const rowStart = new Uint32Array(texts.length + 1);
  const columns: number[] = [];
  const values: number[] = [];
  counts.forEach((count, row) => {
    const weights = [...count].flatMap(([term, times]) => {
      const column = columnOf.get(term);
      if (column === undefined) return [];
      return [{ column, weight: (1 + Math.log(times)) * inverseFrequency[column]! }];
    }).sort((a, b) => a.column - b.column);
    const norm = Math.sqrt(weights.reduce((sum, { weight }) => sum + weight ** 2, 0));
    for (const { column, weight } of weights) {
      columns.push(column);
      values.push(weight / norm);
    }
    rowStart[row + 1] = columns.length;
  });
  const matrix = {
    rowCount: texts.length,
    columnCount: vocabulary.length,
    rowStart,
    column: Uint32Array.from(columns),
    value: Float32Array.from(values),
  };
  return { matrix, vocabulary };
}

/** The text of an item: its columns, such as title and brand, one per line. */
export function itemText(columns: readonly string[]): string {
  return columns.join("\n");
}

/** Lower-case words: runs of letters, marks and digits, HTML entities decoded. */
export function wordsOf(text: string): string[] {
  const plain = decodeHTML(text).normalize("NFKC").toLowerCase();
  return plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

function countTerms(text: string): Map<string, number> {
  const words = wordsOf(text);
  const pairs = words.slice(1).map((word, index) => `${words[index]} ${word}`);
  const counts = new Map<string, number>();
  for (const term of [...words, ...pairs]) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
