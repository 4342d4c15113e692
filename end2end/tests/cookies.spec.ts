// Cookies as a browser keeps them over https, beside a sibling host that sets cookies for the whole domain.

import type { LaunchOptions } from '@playwright/test';
import { Candor, freePort } from '../fixtures/candor';
import { PASSWORD, type Page, expect, open, test as base } from '../fixtures/test';
import { startTlsProxy } from '../fixtures/tls-proxy';

const HOST = 'status.example.test';

interface Site {
  url: string;
  /** A page of another host of the same domain. */
  sibling: string;
  /** The dashboard's socket. */
  socket: string;
}

const test = base.extend<{ site: Site }, { launchOptions: LaunchOptions }>({
  launchOptions: [
    async ({ launchOptions }, use) =>
      use({
        ...launchOptions,
        args: [
          ...(launchOptions.args ?? []),
          '--host-resolver-rules=MAP *.example.test 127.0.0.1',
          '--ignore-certificate-errors',
        ],
      }),
    { scope: 'worker' },
  ],
  site: async ({}, use) => {
    const port = await freePort();
    const server = await Candor.start({ settings: { CANDOR_URL: `https://${HOST}:${port}` } });
    const proxy = await startTlsProxy({ port, to: server.port, host: HOST });
    await use({
      url: `https://${HOST}:${port}`,
      sibling: `https://evil.example.test:${port}/`,
      socket: `wss://${HOST}:${port}/rpc/live?organization=victims`,
    });
    proxy.closeAllConnections();
    proxy.close();
    await server.remove();
  },
  baseURL: async ({ site }, use) => use(site.url),
});

/** Signs up on the page itself: only the browser knows where the host is. */
async function signUp(page: Page, name: string): Promise<string> {
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Email').fill(`${name}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/dashboard/new');
  const session = (await page.context().cookies()).find((cookie) => cookie.name === '__Host-candor');
  expect(session).toMatchObject({ domain: HOST, path: '/', secure: true, httpOnly: true, sameSite: 'Lax' });
  return session!.value;
}

async function createOrganization(page: Page, slug: string) {
  const status = await page.evaluate(async (slug) => {
    const input = { 'input[name]': slug, 'input[slug]': slug, 'input[time_zone]': 'Europe/Vienna' };
    return (await fetch('/rpc/create_organization', { method: 'POST', body: new URLSearchParams(input) })).status;
  }, slug);
  expect(status, 'create_organization').toBeLessThan(400);
}

/** What becomes of a socket that this page opens. */
function socketOf(page: Page, address: string): Promise<string> {
  return page.evaluate(
    (address) =>
      new Promise<string>((done) => {
        const socket = new WebSocket(address);
        socket.onmessage = () => done('it hears');
        socket.onclose = () => done('refused');
      }),
    address,
  );
}

const plant = (page: Page, cookie: string) => page.evaluate((cookie) => void (document.cookie = cookie), cookie);
const names = async (page: Page) => (await page.context().cookies()).map((cookie) => cookie.name);

test('a sibling host plants no session and hears nothing', { tag: '@once' }, async ({ page, site, newBrowser, allowErrors }) => {
  allowErrors(/WebSocket connection to/);
  const attackers = await signUp(await newBrowser(), 'attacker');
  await signUp(page, 'victim');
  await createOrganization(page, 'victims');
  expect(await socketOf(page, site.socket), 'from its own page').toBe('it hears');

  await page.goto(site.sibling);
  const everywhere = 'Domain=example.test; Path=/; Secure';
  await plant(page, `__Host-candor=${attackers}; ${everywhere}`);
  await plant(page, `__%48ost-candor=${attackers}; ${everywhere}`);
  await plant(page, `candor=${attackers}; ${everywhere}`);
  await plant(page, `x=é; ${everywhere}`);
  expect((await names(page)).sort()).toEqual(['__%48ost-candor', '__Host-candor', '__Host-candor-device', 'candor', 'x']);
  expect(await socketOf(page, site.socket), 'from a sibling').toBe('refused');

  await page.goto('/account');
  await expect(page.getByText('victim@example.com')).toBeVisible();
});

test('signing out leaves no session in the browser, and keeps its theme', { tag: '@once' }, async ({ page }) => {
  await signUp(page, 'victim');
  await createOrganization(page, 'victims');
  await open(page, '/dashboard/victims');
  const account = page.getByRole('button', { name: /^Account menu/ }).locator('visible=true');
  await account.click();
  await page.getByRole('menuitem', { name: 'Dark theme' }).click();
  await expect.poll(() => names(page)).toEqual(expect.arrayContaining(['__Host-candor', '__Host-theme']));
  await account.click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/sign-in');
  // The cookie that makes the browser known opens nothing.
  expect((await names(page)).sort()).toEqual(['__Host-candor-device', '__Host-theme']);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
