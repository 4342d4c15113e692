// Makes the pictures of the README from the running demo: node end2end/screenshots.mjs
//
//   CANDOR_BINARY  the server, else target/release/candor or target/debug/candor
//   CHROMIUM_PATH  the browser, else /usr/bin/chromium

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pictures = join(repository, 'docs/screenshots');
const binary =
  process.env.CANDOR_BINARY ??
  ['release', 'debug'].map((kind) => join(repository, 'target', kind, 'candor')).find(existsSync);
if (!binary) {
  throw new Error('There is no server in target/. Build one first: cargo leptos build --release --precompress');
}

const desktop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const folder = await mkdtemp(join(tmpdir(), 'candor-screenshots-'));
const port = await new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const url = `http://127.0.0.1:${port}`;
const { PATH, HOME } = process.env;
const server = spawn(binary, ['serve', '--demo'], {
  cwd: folder,
  env: { PATH, HOME, DATABASE_URL: `sqlite:${folder}/candor.db`, CANDOR_ADDR: `127.0.0.1:${port}`, CANDOR_URL: url },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let browser;
try {
  const [, email, password] = await new Promise((done, failed) => {
    let said = '';
    server.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Sign in as (\S+) with the password (\S+)/);
      if (found) {
        done(found);
      }
    });
    server.once('exit', () => failed(new Error('The server did not start.')));
  });
  while (!(await fetch(`${url}/health`).then(({ ok }) => ok, () => false))) {
    await new Promise((again) => setTimeout(again, 50));
  }

  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'],
  });
  await mkdir(pictures, { recursive: true });

  /** A page as a new browser sees it. */
  const look = async (options) => {
    const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', baseURL: url, ...options });
    return context.newPage();
  };
  const take = async (page, name) => {
    await page.screenshot({ path: join(pictures, `${name}.png`) });
    console.log(join('docs/screenshots', `${name}.png`));
    await page.context().close();
  };
  const statusPage = async (options, name) => {
    const page = await look(options);
    await page.goto('/status/northwind');
    await page.getByRole('status').getByText('Live').waitFor();
    await take(page, name);
  };
  const services = async (options, name, act = async () => {}) => {
    const page = await look(options);
    await page.goto('/sign-in?next=/dashboard/northwind/services');
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('[data-live=Live]').locator('visible=true').waitFor();
    await act(page);
    await take(page, name);
  };
  const openMenu = async (page) => {
    await page.getByRole('button', { name: /^Status of Payments API/ }).click();
    await page.getByRole('menuitemradio', { name: 'Partial outage' }).waitFor();
  };

  for (const colorScheme of ['light', 'dark']) {
    await statusPage({ ...desktop, colorScheme }, `status-page-${colorScheme}`);
    await services({ ...desktop, colorScheme }, `dashboard-${colorScheme}`, openMenu);
  }
  await statusPage({ ...phone, colorScheme: 'light' }, 'status-page-phone');
  await services({ ...phone, colorScheme: 'light' }, 'services-phone');
} finally {
  await browser?.close();
  const stopped = new Promise((done) => server.once('exit', done));
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGTERM');
    await stopped;
  }
  await rm(folder, { recursive: true, force: true });
}
