/**
 * Makes the pictures of the README from a running Watchglass: `node scripts/screenshots.js
 * http://127.0.0.1:9494`. Let it run for five minutes first, with pushes of `orders_total` and
 * another name, so that the charts are full. CHROMIUM names the browser.
 */

import { chromium } from 'playwright-core';

const base = process.argv[2] ?? 'http://127.0.0.1:9494';
const out = 'docs/images';
const pushed = '#orders-total';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath });

for (const theme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(`${base}/?theme=${theme}&range=5m`);
  // Live, and every chart drawn: the second frame shows what came after the page.
  await page.waitForFunction(() => document.documentElement.dataset.state === 'live');
  await page.waitForFunction(() => document.querySelectorAll('canvas').length > 3);
  await page.screenshot({ path: `${out}/overview-${theme}.png` });
  // The row of the grid in which the pushed panel stands.
  await page.setViewportSize({ width: 1280, height: 6000 });
  await page.locator(`${pushed} canvas`).first().waitFor();
  const { y, height } = await page.locator(pushed).boundingBox();
  const clip = { x: 0, y: y - 6, width: 1280, height: height + 12 };
  await page.screenshot({ path: `${out}/pushed-${theme}.png`, clip });
  await page.close();
}
await browser.close();
