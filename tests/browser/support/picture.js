/**
 * Small pictures of pages: made from a screenshot, kept as a file, compared panel by panel.
 *
 * The one idea: a cell of a small picture is the mean of 8 by 8 pixels. Where a line runs, what is
 * filled and in which colour can be told from cells; how letters are smoothed cannot.
 *
 * @typedef {{width: number, height: number, rgb: number[]}} Small
 * @typedef {{id: string, x: number, y: number, width: number, height: number}} Box
 */

/** Pixels of a cell's side. */
const CELL = 8;

/** A picture as cells. @param {import('playwright-core').Page} page any page: its canvas is used
 * @param {Buffer} png @param {number} by how many pixels become a cell's side
 * @returns {Promise<Small>} */
export async function cells(page, png, by = 1) {
  return page.evaluate(
    async ([base64, side]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const [width, height] = [Math.ceil(image.width / side), Math.ceil(image.height / side)];
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const sums = new Float64Array(width * height * 4);
      for (let y = 0; y < image.height; y += 1)
        for (let x = 0; x < image.width; x += 1) {
          const cell = 4 * (Math.floor(y / side) * width + Math.floor(x / side));
          const pixel = 4 * (y * image.width + x);
          for (let part = 0; part < 3; part += 1) sums[cell + part] += data[pixel + part];
          sums[cell + 3] += 1;
        }
      const rgb = [];
      for (let cell = 0; cell < sums.length; cell += 4)
        for (let part = 0; part < 3; part += 1)
          rgb.push(Math.round(sums[cell + part] / sums[cell + 3]));
      return { width, height, rgb };
    },
    /** @type {[string, number]} */ ([png.toString('base64'), by]),
  );
}

/** A screenshot as a small picture. @param {import('playwright-core').Page} page
 * @param {Buffer} png */
export const shrunk = (page, png) => cells(page, png, CELL);

/** A small picture as a file that people can open. @param {import('playwright-core').Page} page
 * @param {Small} small */
export async function encoded(page, small) {
  const base64 = await page.evaluate(async ({ width, height, rgb }) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const image = context.createImageData(width, height);
    for (let cell = 0; cell < width * height; cell += 1)
      image.data.set([...rgb.slice(3 * cell, 3 * cell + 3), 255], 4 * cell);
    context.putImageData(image, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  }, small);
  return Buffer.from(base64, 'base64');
}

/** How far two pictures are apart inside a box: the mean over its cells of the largest difference
 * of a colour, 0 to 255; and the part of cells in which that is large.
 * @param {Small} one @param {Small} other @param {Box} box in pixels */
export function apart(one, other, box) {
  const [left, top] = [Math.floor(box.x / CELL), Math.floor(box.y / CELL)];
  const right = Math.min(one.width, Math.ceil((box.x + box.width) / CELL));
  const bottom = Math.min(one.height, Math.ceil((box.y + box.height) / CELL));
  let [sum, large, count] = [0, 0, 0];
  for (let y = top; y < bottom; y += 1)
    for (let x = left; x < right; x += 1) {
      const cell = 3 * (y * one.width + x);
      let most = 0;
      for (let part = cell; part < cell + 3; part += 1)
        most = Math.max(most, Math.abs(one.rgb[part] - other.rgb[part]));
      sum += most;
      large += Number(most > 40);
      count += 1;
    }
  return { mean: sum / count, large: large / count };
}
