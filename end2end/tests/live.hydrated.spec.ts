import { Candor } from '../fixtures/candor';
import {
  type Page,
  addServices,
  chip,
  createOrganization,
  expect,
  line,
  open,
  setStatus,
  signUp,
  test,
} from '../fixtures/test';

/** A browser that cannot reach its server says so; nothing else may go wrong. */
const NO_CONNECTION = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

const dashboardSign = (page: Page) => page.locator('[data-live]').locator('visible=true');

async function watched(page: Page, newBrowser: () => Promise<Page>) {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, { Core: ['API', 'Website'], '': ['Mail'] });
  const visitor = await newBrowser();
  await visitor.goto(organization.page);
  await expect(visitor.getByRole('status')).toHaveText('Live');
  return { organization, visitor };
}

/** Loads of the page from now on. */
function countLoads(page: Page): () => number {
  let loads = 0;
  page.on('load', () => loads++);
  return () => loads;
}

test('a change appears in another browser and in a second dashboard', { tag: '@phone' }, async ({ page, newBrowser }) => {
  const { organization, visitor } = await watched(page, newBrowser);
  const colleague = await newBrowser();
  await colleague.context().addCookies(await page.context().cookies());
  for (const dashboard of [page, colleague]) {
    await open(dashboard, `${organization.dashboard}/services`);
    await expect(dashboardSign(dashboard)).toHaveText('Live');
  }
  const loads = [countLoads(visitor), countLoads(colleague)];

  await chip(page, 'API', 'operational').click();
  await page.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(line(visitor, 'API')).toContainText('Major outage');
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Partial System Outage');
  await expect(visitor).toHaveTitle(`Partial System Outage · ${organization.name} status`);
  await expect(visitor.locator('link[rel=icon]')).toHaveAttribute('href', /favicon-major\.svg$/);
  await expect(chip(colleague, 'API', 'major_outage')).toBeVisible();

  await chip(colleague, 'API').click();
  await colleague.getByRole('menuitemradio', { name: 'Operational' }).click();
  await expect(chip(page, 'API', 'operational')).toBeVisible();
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
  expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('a group that a visitor closed stays closed when its services change', async ({ page, newBrowser }) => {
  const { organization, visitor } = await watched(page, newBrowser);
  await visitor.locator('summary').click();
  await expect(line(visitor, 'Website')).toBeHidden();
  await setStatus(page, organization.slug, ['Website'], 'partial_outage');
  await expect(visitor.locator('summary')).toContainText('Partial outage');
  await expect(line(visitor, 'Website')).toBeHidden();
});

test('a new service appears on the page of who is reading it', async ({ page, newBrowser }) => {
  const { organization, visitor } = await watched(page, newBrowser);
  const loads = countLoads(visitor);
  await addServices(page, organization, ['Telephone']);
  await expect(line(visitor, 'Telephone')).toContainText('Operational');
  expect(loads()).toBe(0);
});

test('after a restart everybody comes back and sees the truth', async ({ page, newBrowser, candor, allowErrors }) => {
  allowErrors(NO_CONNECTION);
  const { organization, visitor } = await watched(page, newBrowser);
  await open(page, `${organization.dashboard}/services`);
  await expect(dashboardSign(page)).toHaveText('Live');
  const loads = [countLoads(visitor), countLoads(page)];

  await candor.stop();
  await expect(visitor.getByRole('status')).toHaveText('Reconnecting');
  await expect(dashboardSign(page)).toHaveText('Reconnecting');

  // Meanwhile somebody else works with the same database, at another server.
  const meanwhile = await Candor.start({ folder: candor.folder });
  const other = await newBrowser({ baseURL: meanwhile.url });
  await other.context().addCookies(await page.context().cookies());
  await open(other, `${organization.dashboard}/services`);
  await chip(other, 'API', 'operational').click();
  await other.getByRole('menuitemradio', { name: 'Partial outage' }).click();
  await expect(chip(other, 'API', 'partial_outage')).toBeVisible();
  await other.close();
  await meanwhile.stop();

  await candor.start();
  await expect(visitor.getByRole('status')).toHaveText('Live', { timeout: 60_000 });
  await expect(dashboardSign(page)).toHaveText('Live', { timeout: 60_000 });
  await expect(line(visitor, 'API')).toContainText('Partial outage');
  await expect(chip(page, 'API', 'partial_outage')).toBeVisible();

  // And what happens from now on arrives as before.
  await chip(page, 'Mail', 'operational').click();
  await page.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(line(visitor, 'Mail')).toContainText('Major outage');
  await expect(chip(page, 'Mail', 'major_outage')).toBeVisible();
  expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('a change made on the command line arrives too', async ({ page, newBrowser, candor }) => {
  const { organization, visitor } = await watched(page, newBrowser);
  await open(page, organization.dashboard);
  const { writeFile } = await import('node:fs/promises');
  const file = `${candor.folder}/${organization.slug}.json`;
  await writeFile(
    file,
    JSON.stringify({
      page: { name: organization.name },
      components: [{ id: 'imported', name: 'Imported', status: 'major_outage' }],
    }),
  );
  await candor.command('import', 'statuspage', file, '--organization', organization.slug);
  await expect(line(visitor, 'Imported')).toContainText('Major outage');
  await expect(page.getByText('Partial System Outage')).toBeVisible();
});
