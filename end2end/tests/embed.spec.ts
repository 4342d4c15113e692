// A site of another origin that allows nothing but what docs/EMBED.md asks for.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  addServices,
  axe,
  call,
  createOrganization,
  expect,
  setStatus,
  signUp,
  test as base,
  type Organization,
  type Page,
} from '../fixtures/test';

interface Watched extends Window {
  jumped: number;
  violations: string[];
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** Serves what stands in the query between the tags of its body, under a strict policy. */
const test = base.extend<object, { site: string }>({
  site: [
    async ({ candor }, use) => {
      const policy = [
        "default-src 'none'",
        `script-src ${candor.url}`,
        `connect-src ${candor.url}`,
        `img-src ${candor.url}`,
        `frame-src ${candor.url}`,
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join('; ');
      const server: Server = createServer((request, response) => {
        const url = new URL(request.url ?? '/', 'http://site');
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.setHeader('Content-Security-Policy', policy);
        // Without an icon of its own a browser would ask the site for one, which the policy refuses.
        response.end(
          `<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Shop</title><link rel="icon" href="${candor.url}/favicon.ico"></head>` +
            `<body><main><h1>Shop</h1><p><a href="#">Basket</a></p>${url.searchParams.get('body') ?? ''}</main></body></html>`,
        );
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
    { scope: 'worker' },
  ],
});

/** Somebody else's page with this in it, and what it notices. */
async function visit(page: Page, site: string, body: string): Promise<void> {
  await page.addInitScript(() => {
    const watched = window as unknown as Watched;
    watched.jumped = 0;
    watched.violations = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) watched.jumped += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      watched.violations.push(`${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(`${site}/?body=${encodeURIComponent(body)}`);
}

/** What the page has noticed so far, after the next picture. */
async function noticed(page: Page): Promise<{ jumped: number; violations: string[] }> {
  return page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const { jumped, violations } = window as unknown as Watched;
    return { jumped, violations };
  });
}

const script = (candor: string, { page }: Organization, more = '') =>
  `<script src="${escape(`${candor}${page}/embed.js`)}" ${more} defer></script>`;

const NOTHING = { jumped: 0, violations: [] };

async function world(page: Page) {
  await signUp(page);
  const organization = await createOrganization(page);
  const { API } = await addServices(page, organization, ['API', 'Mail']);
  const report = (title: string) =>
    call(page, 'report_incident', {
      data: {
        organization: organization.slug,
        input: { title, body: 'We look into it.', services: [{ service_id: API, status: 'partial_outage' }] },
      },
    });
  return { organization, report };
}

test.describe('the script', () => {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, 'it is a script');

  test('shows a banner only while something is wrong', async ({ page, newBrowser, candor, site }) => {
    const { organization, report } = await world(page);
    const visitor = await newBrowser({ extraHTTPHeaders: {} });
    const asked = visitor.waitForResponse(/embed\.json$/);
    await visit(visitor, site, script(candor.url, organization));
    expect((await asked).status()).toBe(200);
    const banner = visitor.getByRole('region', { name: 'Service status' });
    await expect(banner).toHaveCount(0);
    expect(await noticed(visitor)).toEqual(NOTHING);

    await report('Payments <b>fail</b>');
    await visitor.reload();
    await expect(banner.locator('p')).toHaveText(
      `${organization.name}: Payments <b>fail</b> · Investigating`,
    );
    const link = banner.getByRole('link');
    await expect(link).toHaveAttribute('href', new RegExp(`^${candor.url}${organization.page}/incidents/`));
    await expect(link).toHaveAttribute('target', '_blank');
    expect(await noticed(visitor)).toEqual(NOTHING);
    const box = await banner.boundingBox();
    const screen = visitor.viewportSize()!;
    expect(box!.y + box!.height, 'at the bottom').toBeGreaterThan(screen.height - 40);
    expect(box!.x, 'within the screen').toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width, 'within the screen').toBeLessThanOrEqual(screen.width);
  });

  test('is closed by keyboard, and stays closed until something new is wrong', async ({
    page,
    newBrowser,
    candor,
    site,
  }) => {
    const { organization, report } = await world(page);
    await report('Payments fail');
    const visitor = await newBrowser({ extraHTTPHeaders: {} });
    await visit(visitor, site, script(candor.url, organization, 'data-position="top"'));
    const banner = visitor.getByRole('region', { name: 'Service status' });
    await expect(banner.locator('p')).toContainText('Payments fail');
    const box = await banner.boundingBox();
    expect(box!.y, 'at the top').toBeLessThan(40);

    await visitor.getByRole('link', { name: 'Basket' }).focus();
    await visitor.keyboard.press('Tab');
    await expect(banner.getByRole('link')).toBeFocused();
    await visitor.keyboard.press('Tab');
    await expect(banner.getByRole('button', { name: 'Close' })).toBeFocused();
    await visitor.keyboard.press('Escape');
    await expect(banner).toHaveCount(0);
    await expect(visitor.getByRole('link', { name: 'Basket' })).toBeFocused();
    let asked = visitor.waitForResponse(/embed\.json$/);
    await visitor.reload();
    await asked;
    expect(await noticed(visitor)).toEqual(NOTHING);
    await expect(banner).toHaveCount(0);

    await report('Mail is late as well');
    asked = visitor.waitForResponse(/embed\.json$/);
    await visitor.reload();
    await asked;
    await expect(banner.locator('p')).toContainText('and 1 more');
    await banner.getByRole('button', { name: 'Close' }).press('Enter');
    await expect(banner).toHaveCount(0);
    expect(await noticed(visitor)).toEqual(NOTHING);
  });

  test('can be read by everybody, in light and in dark', async ({ page, newBrowser, candor, site }) => {
    const { organization, report } = await world(page);
    await report('Payments fail');
    for (const theme of ['', 'data-theme="light"', 'data-theme="dark"']) {
      // Axe runs by a script of its own, which the policy of the site would refuse.
      const visitor = await newBrowser({ extraHTTPHeaders: {}, bypassCSP: true });
      await visit(visitor, site, script(candor.url, organization, theme));
      await expect(visitor.getByRole('region', { name: 'Service status' }).locator('p')).toContainText('fail');
      await axe(visitor);
    }
  });

  test('says nothing when its server does not answer', { tag: '@once' }, async ({
    page,
    newBrowser,
    candor,
    site,
    allowErrors,
  }) => {
    allowErrors(/Failed to load resource|ERR_FAILED/);
    const { organization, report } = await world(page);
    await report('Payments fail');
    const visitor = await newBrowser({ extraHTTPHeaders: {} });
    await visitor.route(/embed\.json$/, (route) => route.abort());
    const failed = visitor.waitForEvent('requestfailed');
    await visit(visitor, site, script(candor.url, organization));
    await failed;
    await expect(visitor.getByRole('region', { name: 'Service status' })).toHaveCount(0);
    expect(await noticed(visitor)).toEqual(NOTHING);
  });
});

test('the frame and a badge stand on another site', async ({ page, newBrowser, candor, site, javaScriptEnabled }) => {
  const { organization } = await world(page);
  await setStatus(page, organization.slug, ['API'], 'major_outage');
  const visitor = await newBrowser({ extraHTTPHeaders: {} });
  const at = (file: string) => escape(`${candor.url}${organization.page}/${file}`);
  const body =
    `<iframe src="${at('embed?theme=light')}" title="Service status" width="360" height="96"></iframe>` +
    `<img src="${at('badge.svg')}" alt="Service status" height="20">`;
  if (javaScriptEnabled === false) {
    await visitor.goto(`${site}/?body=${encodeURIComponent(body)}`);
  } else {
    await visit(visitor, site, body);
  }
  const frame = visitor.frameLocator('iframe');
  await expect(frame.getByRole('heading', { level: 1 })).toHaveText('Partial System Outage');
  await expect(frame.getByText(organization.name)).toBeVisible();
  await expect(frame.getByRole('link')).toHaveAttribute('target', '_blank');
  const badge = visitor.getByRole('img', { name: 'Service status' });
  await expect(badge).toBeVisible();
  if (javaScriptEnabled !== false) {
    await expect.poll(() => badge.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(20);
    expect((await noticed(visitor)).violations).toEqual([]);
    const alone = await newBrowser();
    await alone.goto(`${organization.page}/embed`);
    await axe(alone);
  }
});
