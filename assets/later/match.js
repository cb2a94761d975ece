/** What is found by a few letters: those in the order in which they stand. Pure. */

/** How well a text fits: nothing when it lacks a letter; more for letters that begin a word or
 * follow each other, and for short texts.
 * @param {string} text @param {string} typed without spaces, in small letters
 * @returns {number | null} */
export function fit(text, typed) {
  const low = text.toLowerCase();
  const whole = low.indexOf(typed);
  if (typed && whole >= 0) {
    const begins = whole === 0 || /[^a-z0-9]/.test(low[whole - 1]);
    return 10 * typed.length + (begins ? 20 : 0) + (whole === 0 ? 10 : 0) - text.length / 100;
  }
  let [from, sum] = [0, 0];
  for (const letter of typed) {
    const at = low.indexOf(letter, from);
    if (at < 0) return null;
    if (at === 0 || /[^a-z0-9]/.test(low[at - 1])) sum += 4;
    else if (at === from) sum += 2;
    from = at + 1;
  }
  return sum - text.length / 100;
}

/** The entries that fit, group by group: the group with the best one first, and in it the best
 * first; so many of each. Nothing typed leaves them as they come.
 * @template {{group: string, text: string, beside?: string}} T
 * @param {string} typed @param {T[]} entries @param {number} most @returns {T[]} */
export function best(typed, entries, most) {
  const wanted = typed.toLowerCase().replace(/\s/g, '');
  /** @type {Map<string, {entry: T, worth: number}[]>} */
  const groups = new Map();
  for (const entry of entries) {
    // What stands beside it finds it as well, but later.
    const beside = entry.beside && wanted ? fit(entry.beside, wanted) : null;
    const worth = fit(entry.text, wanted) ?? (beside === null ? null : beside - 5);
    if (worth === null) continue;
    const group = groups.get(entry.group) ?? [];
    group.push({ entry, worth });
    groups.set(entry.group, group);
  }
  const found = [...groups.values()];
  if (wanted) {
    for (const group of found) group.sort((a, b) => b.worth - a.worth);
    found.sort((a, b) => b[0].worth - a[0].worth);
  }
  return found.flatMap((group) => group.slice(0, most).map(({ entry }) => entry));
}
