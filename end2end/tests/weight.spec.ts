// What a first visit to a status page costs: few requests, few bytes, nothing that jumps.

import { brotliCompressSync } from 'node:zlib';
import { Candor } from '../fixtures/candor';
import { test as base, expect, setStatus, type Page } from '../fixtures/test';

/** HTML, style and script together, in bytes as they come over the wire, headers included. */
const MAX_WEIGHT = 30 * 1024;
/** Everything that the browser asks for. */
const MAX_REQUESTS = 4;

const PAGE = '/status/northwind';

const test = base.extend<object, { demo: Candor }>({
  demo: [
    async ({}, use) => {
      const demo = await Candor.start({ demo: true });
      await use(demo);
      await demo.remove();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

interface Fetched {
  url: string;
  /** What it is for: Document, Stylesheet, Script, Other. */
  kind: string;
  bytes: number;
  headers: Record<string, string>;
}

/** A debug build reads its files anew for every request, under an address that says so, and sends them as they are. */
const isOfDebugBuild = (url: string) => url.includes('/assets/dev/');

/** Goes there and tells what the browser fetched until the page was live. */
async function visit(page: Page, address: string): Promise<Fetched[]> {
  const tools = await page.context().newCDPSession(page);
  const fetched = new Map<string, Fetched>();
  tools.on('Network.requestWillBeSent', ({ requestId, request, type }) => {
    fetched.set(requestId, { url: request.url, kind: type ?? 'Other', bytes: 0, headers: {} });
  });
  tools.on('Network.responseReceived', ({ requestId, response }) => {
    const told = fetched.get(requestId);
    if (told) {
      told.headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
    }
  });
  tools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const told = fetched.get(requestId);
    if (told) {
      told.bytes = encodedDataLength;
    }
  });
  await tools.send('Network.enable');
  await page.goto(address, { waitUntil: 'networkidle' });
  await expect(page.getByRole('status')).toHaveText('Live');
  for (const [requestId, told] of fetched) {
    if (isOfDebugBuild(told.url) && !told.headers['content-encoding']) {
      const { body } = await tools.send('Network.getResponseBody', { requestId });
      told.bytes += brotliCompressSync(body).length - Buffer.byteLength(body);
    }
  }
  await tools.detach();
  return [...fetched.values()].filter(({ url }) => !url.startsWith('data:'));
}

test('a first visit is light', { tag: ['@once', '@phone'] }, async ({ demo, newBrowser }) => {
  const page = await newBrowser({ baseURL: demo.url });
  const fetched = await visit(page, PAGE);
  const told = fetched.map(({ url, kind, bytes }) => `${kind} ${url} ${bytes}`).join('\n');

  expect(fetched.length, told).toBeLessThanOrEqual(MAX_REQUESTS);
  expect(fetched.map(({ url }) => new URL(url).origin), told).toEqual(fetched.map(() => demo.url));
  expect(fetched.filter(({ kind, url }) => kind === 'Font' || /\.(woff2?|ttf|otf|wasm)$/.test(url))).toEqual([]);

  const heavy = fetched.filter(({ kind }) => ['Document', 'Stylesheet', 'Script'].includes(kind));
  expect(heavy[0].kind, told).toBe('Document');
  expect(heavy.every(({ bytes }) => bytes > 0), told).toBe(true);
  expect(heavy.reduce((sum, { bytes }) => sum + bytes, 0), told).toBeLessThanOrEqual(MAX_WEIGHT);
});

test('everything but the page itself is kept for good', { tag: '@once' }, async ({ demo, newBrowser }) => {
  const page = await newBrowser({ baseURL: demo.url });
  const [document, ...assets] = await visit(page, PAGE);
  expect(document.headers['content-encoding']).toBe('br');
  expect(document.headers['cache-control']).toBe('no-cache');
  expect(assets.length).toBeGreaterThan(0);
  for (const { url, headers } of assets.filter(({ url }) => !isOfDebugBuild(url))) {
    expect(url, 'its address names its content').toMatch(/\/assets\/[0-9a-f]{8,}\//);
    expect(headers['cache-control'], url).toContain('immutable');
    expect(headers['content-encoding'], url).toBe('br');
  }
});

interface Watched extends Window {
  /** By how much things jumped that nobody had just touched. */
  jumped: number;
}

test('nothing on the page jumps', { tag: ['@once', '@phone'] }, async ({ demo, newBrowser }) => {
  const page = await newBrowser({ baseURL: demo.url });
  await page.addInitScript(() => {
    const watched = window as unknown as Watched;
    watched.jumped = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        watched.jumped += entry.hadRecentInput ? 0 : entry.value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  /** What is drawn now is counted after the next picture. */
  const jumped = () =>
    page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      return (window as unknown as Watched).jumped;
    });
  await visit(page, PAGE);
  expect(await jumped(), 'while it loads and becomes live').toBeLessThan(0.01);

  const words = /Sign in as (\S+) with the password (\S+)/;
  await expect.poll(() => demo.output).toMatch(words);
  const [, email, password] = demo.output.match(words)!;
  const dashboard = await newBrowser({ baseURL: demo.url });
  const answer = await dashboard.request.post('/sign-in', { form: { email, password }, maxRedirects: 0 });
  expect(answer.status(), 'sign-in').toBe(303);
  await setStatus(dashboard, 'northwind', ['Documentation'], 'degraded_performance');
  await expect(page.locator('li[id^=s-]').filter({ hasText: 'Documentation' })).toContainText('Degraded performance');
  // What is good, by the measure that browsers' makers go by.
  expect(await jumped(), 'when a change arrives').toBeLessThan(0.1);
});
