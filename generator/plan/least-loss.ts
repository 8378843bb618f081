/** One of the things to choose for an item: its price, and what is lost with it. */
export interface Choice {
  readonly cost: number;
  readonly loss: number;
}

/** A step along an item's lower convex hull: from the choice before to `to`. */
interface Step {
  readonly item: number;
  readonly to: number;
  readonly cost: number;
  /** Loss saved per cost. */
  readonly rate: number;
}

/**
 * Chooses one choice per item so that the losses sum to as little as the budget allows. The steps along the items' lower
 * convex hulls are taken in the order of what they save per cost, as long as they fit: no cheaper set of choices loses
 * less at any budget that a step ends at, and in between no more is left over than the one step that did not fit. What is
 * left is spent on single choices that still fit.
 *
 * @param choices per item, costs ascending
 * @returns per item the index of its choice, or null if the cheapest choices exceed the budget
 */
export function leastLoss(choices: readonly (readonly Choice[])[], budget: number): number[] | null {
  const chosen = choices.map(() => 0);
  let left = budget - choices.reduce((sum, options) => sum + options[0]!.cost, 0);
  if (left < 0) return null;
  const steps = choices.flatMap(hullSteps).sort((a, b) => b.rate - a.rate || a.item - b.item || a.to - b.to);
  const stuck = new Set<number>();
  for (const { item, to, cost } of steps) {
    if (stuck.has(item)) continue;
    if (cost > left) stuck.add(item);
    else {
      chosen[item] = to;
      left -= cost;
    }
  }
  for (let best = bestSingle(choices, chosen, left); best !== null; best = bestSingle(choices, chosen, left)) {
    left -= best.cost;
    chosen[best.item] = best.to;
  }
  return chosen;
}

/** Steps between the corners of an item's lower convex hull; their rates fall. */
function hullSteps(options: readonly Choice[], item: number): Step[] {
  const corners = [0];
  const rate = (from: number, to: number): number =>
    (options[from]!.loss - options[to]!.loss) / (options[to]!.cost - options[from]!.cost);
  for (let next = 1; next < options.length; next++) {
    if (options[next]!.loss >= options[corners.at(-1)!]!.loss) continue;
    while (corners.length > 1 && rate(corners.at(-1)!, next) >= rate(corners.at(-2)!, corners.at(-1)!)) corners.pop();
    corners.push(next);
  }
  return corners.slice(1).map((to, i) => {
    const from = corners[i]!;
    return { item, to, cost: options[to]!.cost - options[from]!.cost, rate: rate(from, to) };
  });
}

/** The change of one item's choice that fits and saves most. */
function bestSingle(choices: readonly (readonly Choice[])[], chosen: readonly number[], left: number): Step | null {
  let best: Step | null = null;
  let most = 0;
  for (const [item, options] of choices.entries()) {
    const now = options[chosen[item]!]!;
    for (let to = chosen[item]! + 1; to < options.length && options[to]!.cost - now.cost <= left; to++) {
      const saved = now.loss - options[to]!.loss;
      if (saved <= most) continue;
      most = saved;
      best = { item, to, cost: options[to]!.cost - now.cost, rate: 0 };
    }
  }
  return best;
}
