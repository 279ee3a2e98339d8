/**
 * The shapes of the made shop's products: for a point in the square [-1, 1]², y pointing down, is it
 * background, body or trim? Built from rectangles, ellipses and half-planes.
 *
 * @module
 */

/** Where a point lies in a product's shape. */
export type Part = "background" | "body" | "trim";

/** The shape of a kind of product. */
export type Silhouette = (x: number, y: number) => Part;

/** One silhouette per category name. */
export const SILHOUETTES: Readonly<Record<string, Silhouette>> = {
  Mugs: (x, y) => {
    if (box(x, y, -0.6, -0.6, 0.35, 0.65)) return "body";
    return part(ring(x, y, 0.4, 0, 0.38, 0.22) && x > 0.35, "trim");
  },
  Bottles: (x, y) => {
    if (box(x, y, -0.2, -0.95, 0.2, -0.65)) return "trim";
    const shoulder = 0.2 + Math.max(0, Math.min(0.2, y + 0.65));
    return part(y >= -0.65 && y <= 0.95 && Math.abs(x) <= shoulder, "body");
  },
  Backpacks: (x, y) => {
    if (box(x, y, -0.45, 0.15, 0.45, 0.6)) return "trim";
    if (ellipse(x, y, 0, -0.2, 0.65, 0.65) || box(x, y, -0.65, -0.2, 0.65, 0.8)) return "body";
    return part(ring(x, y, 0, -0.85, 0.2, 0.1), "trim");
  },
  Lamps: (x, y) => {
    if (y >= -0.85 && y <= 0 && Math.abs(x) <= 0.6 + 0.35 * y) return "body";
    return part(box(x, y, -0.07, 0, 0.07, 0.75) || ellipse(x, y, 0, 0.8, 0.45, 0.12), "trim");
  },
  Chairs: (x, y) => {
    if (box(x, y, -0.5, -0.9, -0.3, 0.1) || box(x, y, -0.5, -0.9, 0.3, -0.45)) return "body";
    if (box(x, y, -0.55, 0.05, 0.6, 0.28)) return "body";
    return part(box(x, y, -0.5, 0.28, -0.36, 0.95) || box(x, y, 0.42, 0.28, 0.56, 0.95), "trim");
  },
  Tents: (x, y) => {
    if (y < -0.75 || y > 0.7) return "background";
    if (y > -0.2 && Math.abs(x) <= 0.28 * (y + 0.2)) return "trim";
    return part(Math.abs(x) <= 0.65 * (y + 0.75), "body");
  },
  Balls: (x, y) => {
    if (!ellipse(x, y, 0, 0, 0.8, 0.8)) return "background";
    return ring(x, y, 0.9, 0, 0.8, 0.68) ? "trim" : "body";
  },
  Boots: (x, y) => {
    if (box(x, y, -0.55, 0.68, 0.85, 0.88)) return "trim";
    return part(
      box(x, y, -0.5, -0.85, 0.15, 0.7) || ellipse(x, y, 0.2, 0.5, 0.6, 0.35) && y < 0.7,
      "body",
    );
  },
  Hats: (x, y) => {
    if (box(x, y, -0.5, 0.05, 0.5, 0.25)) return "trim";
    return part(
      ellipse(x, y, 0, 0.1, 0.52, 0.7) && y < 0.25 || ellipse(x, y, 0, 0.35, 0.95, 0.22),
      "body",
    );
  },
  Shirts: (x, y) => {
    if (ellipse(x, y, 0, -0.75, 0.22, 0.16)) return "trim";
    const sleeve = y >= -0.75 && y <= -0.05 && Math.abs(x) <= 0.95 - 0.5 * Math.abs(y + 0.35);
    return part(box(x, y, -0.5, -0.75, 0.5, 0.85) || sleeve, "body");
  },
  Clocks: (x, y) => {
    if (ring(x, y, 0, 0, 0.85, 0.68)) return "trim";
    if (box(x, y, -0.06, -0.55, 0.06, 0.06) || box(x, y, -0.06, -0.06, 0.4, 0.06)) return "trim";
    return part(ellipse(x, y, 0, 0, 0.7, 0.7), "body");
  },
  Kettles: (x, y) => {
    if (ring(x, y, 0, -0.3, 0.55, 0.42) && y < -0.3) return "trim";
    if (ellipse(x, y, 0, 0.25, 0.6, 0.55)) return "body";
    return part(y > -0.25 && y < 0.35 && Math.abs(x - 0.6 - 0.35 * (0.1 - y)) < 0.12, "body");
  },
  Notebooks: (x, y) => {
    if (!box(x, y, -0.6, -0.85, 0.65, 0.85)) return "background";
    return x < -0.4 ? "trim" : "body";
  },
  Planters: (x, y) => {
    if (ellipse(x, y, -0.25, -0.5, 0.22, 0.42) || ellipse(x, y, 0.25, -0.5, 0.22, 0.42)) {
      return y < -0.1 ? "trim" : "body";
    }
    if (box(x, y, -0.65, -0.1, 0.65, 0.1)) return "body";
    return part(y > 0 && y < 0.9 && Math.abs(x) <= 0.58 - 0.25 * y, "body");
  },
  Umbrellas: (x, y) => {
    if (ellipse(x, y, 0, 0, 0.92, 0.8) && y < 0) return "body";
    const handle = box(x, y, -0.05, 0, 0.05, 0.75) || ring(x, y, 0.15, 0.72, 0.2, 0.1) && y > 0.72;
    return part(handle, "trim");
  },
  Blankets: (x, y) => {
    if (!box(x, y, -0.85, -0.5, 0.85, 0.6)) return "background";
    return Math.abs(x) > 0.72 ? "trim" : "body";
  },
};

function part(inside: boolean, name: Part): Part {
  return inside ? name : "background";
}

function box(
  x: number,
  y: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
): boolean {
  return x >= left && x <= right && y >= top && y <= bottom;
}

function ellipse(
  x: number,
  y: number,
  centreX: number,
  centreY: number,
  halfX: number,
  halfY: number,
) {
  return ((x - centreX) / halfX) ** 2 + ((y - centreY) / halfY) ** 2 <= 1;
}

function ring(
  x: number,
  y: number,
  centreX: number,
  centreY: number,
  outer: number,
  inner: number,
) {
  const squared = (x - centreX) ** 2 + (y - centreY) ** 2;
  return squared <= outer ** 2 && squared >= inner ** 2;
}
