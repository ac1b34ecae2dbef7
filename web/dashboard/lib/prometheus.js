// What a page needs of Prometheus' text format: counters, gauges, and quantiles of histograms between two looks.

/** @typedef {{ le: number, count: number }[]} Buckets cumulative, by their upper bound in seconds */
/** @typedef {{ value: (name: string) => number, histogram: (name: string) => Buckets }} Metrics */

/**
 * @param {string} text
 * @returns {Metrics}
 */
export function read(text) {
  /** @type {Map<string, number>} */
  const values = new Map();
  /** @type {Map<string, Buckets>} */
  const histograms = new Map();
  for (const line of text.split("\n")) {
    if (!line.startsWith("bursar_")) continue;
    const space = line.lastIndexOf(" ");
    const name = line.slice(0, space);
    const value = Number(line.slice(space + 1));
    const bucket = /^(\w+)_bucket\{le="([^"]+)"\}$/.exec(name);
    if (bucket) {
      const [, own = "", le = ""] = bucket;
      const buckets = histograms.get(own) ?? [];
      buckets.push({ le: le === "+Inf" ? Infinity : Number(le), count: value });
      histograms.set(own, buckets);
    } else {
      values.set(name, value);
    }
  }
  return { value: (name) => values.get(name) ?? 0, histogram: (name) => histograms.get(name) ?? [] };
}

/**
 * What came into a histogram between two looks at it.
 * @param {Buckets} now
 * @param {Buckets} before
 * @returns {Buckets}
 */
export function difference(now, before) {
  return now.map(({ le, count }, place) => ({
    le,
    count: count - (before[place]?.le === le ? (before[place]?.count ?? 0) : 0),
  }));
}

/**
 * The value below which that part of the samples lies, evened out within its bucket as Prometheus does it.
 * @param {Buckets} buckets
 * @param {number} part between 0 and 1
 * @returns {number | null} null: there are no samples
 */
export function quantile(buckets, part) {
  const total = buckets[buckets.length - 1]?.count ?? 0;
  if (total <= 0) return null;
  const rank = part * total;
  const place = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[place];
  if (bucket === undefined) return null;
  const below = buckets[place - 1] ?? { le: 0, count: 0 };
  if (bucket.le === Infinity) return below.le;
  const within = (rank - below.count) / Math.max(1, bucket.count - below.count);
  return below.le + (bucket.le - below.le) * within;
}
