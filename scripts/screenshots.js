/**
 * Makes the pictures of the README from a running Watchglass: `node scripts/screenshots.js
 * http://127.0.0.1:9494`. Let it run for five minutes first, with pushes of `orders_total` and
 * `queue_length`, so that the charts are full. CHROMIUM names the browser.
 */

import { chromium } from 'playwright-core';

const base = process.argv[2] ?? 'http://127.0.0.1:9494';
const out = 'docs/images';
const pushed = ['orders_total', 'queue_length'];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });

for (const theme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(`${base}/?theme=${theme}&range=5m`);
  // Live, and every chart drawn: the second frame shows what came after the page.
  await page.waitForFunction(() => document.documentElement.dataset.state === 'live');
  await page.waitForFunction(() => document.querySelectorAll('canvas').length > 3);
  await page.screenshot({ path: `${out}/overview-${theme}.png` });
  await page.setViewportSize({ width: 1280, height: 8000 });
  const boxes = [];
  for (const name of pushed) {
    const panel = page.locator('section, wg-panel').filter({ hasText: name }).last();
    await panel.locator('canvas').first().waitFor();
    boxes.push(await panel.boundingBox());
  }
  const left = Math.min(...boxes.map((box) => box.x)) - 12;
  const top = Math.min(...boxes.map((box) => box.y)) - 12;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + 12;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 12;
  const clip = { x: left, y: top, width: right - left, height: bottom - top };
  await page.screenshot({ path: `${out}/pushed-${theme}.png`, clip });
  await page.close();
}
await browser.close();
