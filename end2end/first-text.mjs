// How long a first visitor waits for words, beside a plain page of as many bytes: node end2end/first-text.mjs
//
//   CANDOR_URL     a server that runs with --demo, else one is started
//   CANDOR_BINARY  that one, else target/release/candor
//   CHROMIUM_PATH  the browser, else /usr/bin/chromium

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPort } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOADS = 15;
/** Loads before the first that counts: the browser, the server and the disk get warm. */
const UNCOUNTED = 3;
const PATH_OF_PAGE = '/status/northwind';
const SERVICE = 'Payments API';

const { PATH, HOME, CANDOR_URL, CANDOR_BINARY, CHROMIUM_PATH } = process.env;
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** The demo, and how to end it. */
async function demo() {
  if (CANDOR_URL) {
    return { url: CANDOR_URL.replace(/\/$/, ''), end: async () => {} };
  }
  const binary = CANDOR_BINARY ?? join(repository, 'target/release/candor');
  if (!existsSync(binary)) {
    throw new Error(`There is no server at ${binary}. Build one: cargo leptos build --release --precompress`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'candor-first-text-'));
  const port = await new Promise((done) => {
    const server = createPort().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(binary, ['serve', '--demo'], {
    cwd: folder,
    env: { PATH, HOME, DATABASE_URL: `sqlite:${folder}/candor.db`, CANDOR_ADDR: `127.0.0.1:${port}`, CANDOR_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = async () => {
    const ended = new Promise((done) => server.once('exit', done));
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  while (!(await fetch(`${url}/health`).then(({ ok }) => ok, () => false))) {
    if (server.exitCode !== null) {
      await end();
      throw new Error('The server did not start.');
    }
    await new Promise((again) => setTimeout(again, 50));
  }
  return { url, end };
}

/** A page of so many bytes without style, script or picture, which names the same service at its top. */
async function plain(bytes) {
  const start = `<!DOCTYPE html><html lang="en">
<head><meta charset="utf-8"><title>Plain</title><link rel="icon" href="data:,"></head>
<body><h1>All is well</h1><p>${SERVICE}</p>`;
  const filler = '<p>Words that fill the page until it is as long as the other one.</p>\n';
  const end = '</body></html>';
  let html = start;
  while (html.length + filler.length + end.length <= bytes) {
    html += filler;
  }
  html += end.padStart(Math.max(0, bytes - html.length));
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/`, end: () => new Promise((done) => server.close(done)) };
}

/** One first visit: when the service's name was drawn, in milliseconds, and how many bytes came until then. */
async function visit(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript((name) => {
      window.firstText = new Promise((seen) => {
        const look = () => {
          // No picture is drawn while a stylesheet is on its way, so this is not called either.
          if (document.body?.innerText.includes(name)) {
            setTimeout(() => seen(performance.now()));
          } else {
            requestAnimationFrame(look);
          }
        };
        requestAnimationFrame(look);
      });
    }, SERVICE);
    const tools = await context.newCDPSession(page);
    let bytes = 0;
    tools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await tools.send('Network.enable');
    await page.goto(url, { waitUntil: 'load' });
    return { at: await page.evaluate(() => window.firstText), bytes };
  } finally {
    await context.close();
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const candor = await demo();
let yardstick;
let browser;
try {
  browser = await chromium.launch({
    executablePath: CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-background-networking'],
  });
  const address = `${candor.url}${PATH_OF_PAGE}`;
  const { bytes } = await visit(browser, address);
  yardstick = await plain(bytes);
  const took = { page: [], plain: [] };
  // One after the other, so that whatever else this machine does meets both.
  for (let load = -UNCOUNTED; load < LOADS; load++) {
    const [page, other] = [await visit(browser, address), await visit(browser, yardstick.url)];
    if (load >= 0) {
      took.page.push(page.at);
      took.plain.push(other.at);
    }
  }
  const [page, other] = [median(took.page), median(took.plain)];
  console.log(`status page  ${page.toFixed(1)} ms to “${SERVICE}”, ${bytes} bytes`);
  console.log(`plain page   ${other.toFixed(1)} ms, as many bytes in one document`);
  console.log(`ratio        ${(page / other).toFixed(2)} (medians of ${LOADS} first visits)`);
} finally {
  await browser?.close();
  await yardstick?.end();
  await candor.end();
}
