/** Twins of the endings, and of what ends a step. */
import { clockOf, type PartTwin, type Twin } from "./twin.ts";

export const endings: Record<string, PartTwin> = {
  /** output = result */
  "endings/store": (t) => ({
    finish: (at, result) => {
      t.output![at] = result;
    },
  }),

  /** total + result */
  "endings/add": (t) => ({
    finish: (at, result) => {
      t.total![at]! += result;
    },
  }),

  /** m, v ← running means; parameter = keep · parameter − learning_rate · m̂ / (√v̂ + ε), or m̂ / (√v̂ + ε) */
  "endings/adam_step": (t, _, constants) => {
    const { decay_first, gain_first, decay_second, gain_second, epsilon } = constants;
    const { l2, keep, learning_rate, smoothed_from } = constants;
    const [correctFirst, correctSecond] = clockOf(t).correction;
    const finish = (at: number, result: number): void => {
      const g = result + l2! * t.parameter![at]!;
      const m = decay_first! * t.first_moment![at]! + gain_first! * g;
      const v = decay_second! * t.second_moment![at]! + gain_second! * g * g;
      t.first_moment![at] = m;
      t.second_moment![at] = v;
      const direction = m * correctFirst / (Math.sqrt(v * correctSecond) + epsilon!);
      const beyond = at - 4 * smoothed_from!;
      if (beyond < 0) t.parameter![at] = keep! * t.parameter![at]! - learning_rate! * direction;
      else t.direction![beyond] = direction;
    };
    return { finish };
  },

  /** parameter = keep · parameter − learning_rate · result, from `first` on */
  "endings/decayed_update": (t, _, { first, keep, learning_rate }) => ({
    finish: (at, result) => {
      const i = 4 * first! + at;
      t.parameter![i] = keep! * t.parameter![i]! - learning_rate! * result;
    },
  }),
};

export const steps: Record<string, Twin> = {
  /** A result that is there already, or a part of it */
  each_vector(t, { first, end }, _, { finish }) {
    for (let at = 4 * first!; at < 4 * end!; at++) finish(at, t.result![at]!);
  },
};
