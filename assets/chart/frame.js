/**
 * The canvas of a chart and its plot: where values and times stand on it, in CSS pixels.
 */

/** Room around the plot: above, and at its right edge. */
const [ABOVE, BEYOND] = [8, 6];

/** The canvas and the places on it. */
export class Frame {
  canvas = document.createElement('canvas');
  ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
  left = 0;
  top = ABOVE;
  width = 1;
  height = 1;
  /** @type {[number, number]} the ends of the time axis in ms */
  times = [0, 1];
  /** @type {[number, number]} the ends of the value axis */
  values = [0, 1];

  /** The place of a time. @param {number} ms */
  x = (ms) =>
    this.left + ((ms - this.times[0]) / (this.times[1] - this.times[0])) * this.width;

  /** The place of a value. @param {number} value */
  y = (value) => {
    const share = (value - this.values[0]) / (this.values[1] - this.values[0]);
    // Far outside nothing can be seen, and some canvases draw nonsense.
    return this.top + this.height * (1 - Math.max(-2, Math.min(3, share)));
  };

  /** The time at a place. @param {number} x */
  timeAt(x) {
    const share = Math.max(0, Math.min(1, (x - this.left) / this.width));
    return this.times[0] + share * (this.times[1] - this.times[0]);
  }

  /** Begins a drawing: a clear canvas of this size.
   * @param {number} wide @param {number} high @param {number} left room for the value axis
   * @param {number} below room for the time axis */
  begin(wide, high, left, below) {
    const ratio = devicePixelRatio || 1;
    const [across, down] = [Math.round(wide * ratio), Math.round(high * ratio)];
    // Setting a size clears the canvas and everything that was set on it, at a cost.
    if (this.canvas.width !== across || this.canvas.height !== down) {
      this.canvas.width = across;
      this.canvas.height = down;
    }
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.ctx.clearRect(0, 0, wide, high);
    this.left = left;
    // Half a letter stands above the plot; on a screen on a wall that is more.
    this.top = Math.max(ABOVE, Math.round(0.3 * below));
    this.width = Math.max(1, wide - left - BEYOND);
    this.height = Math.max(1, high - this.top - below);
  }

  /** Draws what may not leave the plot. @param {() => void} draw */
  inside(draw) {
    const { ctx } = this;
    ctx.save();
    ctx.beginPath();
    ctx.rect(this.left, this.top - 1, this.width + 1, this.height + 2);
    ctx.clip();
    draw();
    ctx.restore();
  }
}
