import {
  type Locator,
  type Page,
  addServices,
  axe,
  call,
  createOrganization,
  expect,
  fitsTheScreen,
  line,
  open,
  signUp,
  test,
} from '../fixtures/test';

test.describe.configure({ timeout: 180_000 });

/** Goes from control to control, as somebody without a mouse does. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let steps = 0; steps < 60; steps++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(wanted, 'reached by the Tab key').toBeFocused();
}

async function world(page: Page) {
  await signUp(page);
  const organization = await createOrganization(page);
  const ids = await addServices(page, organization, ['API', 'Mail']);
  return { organization, ids };
}

async function report(page: Page, slug: string, title: string, service: string, status = 'partial_outage') {
  const input = { title, body: 'We are **looking** into it.', services: [{ service_id: service, status }] };
  return call<string>(page, 'report_incident', { data: { organization: slug, input } });
}

test('at 3 a.m., by keyboard: report, update, resolve, while a visitor watches', { tag: '@phone' }, async ({
  page,
  newBrowser,
}) => {
  const { organization } = await world(page);
  const visitor = await newBrowser();
  await visitor.goto(organization.page);
  await expect(visitor.getByRole('status')).toHaveText('Live');
  let loads = 0;
  visitor.on('load', () => loads++);

  await open(page, organization.dashboard);
  await page.keyboard.press('c');
  const search = page.getByRole('combobox', { name: 'Search services' });
  await expect(search).toBeFocused();
  await page.keyboard.type('API');
  await expect(page.getByRole('listbox').getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Status of API' })).toBeVisible();
  await tabTo(page, page.getByLabel('Title'));
  await page.keyboard.type('Payments fail');
  await tabTo(page, page.getByLabel('Message', { exact: true }));
  await page.keyboard.type('Cards are refused. We look into it.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Payments fail');
  await expect(visitor.getByRole('heading', { name: 'Payments fail' }).first()).toBeVisible();
  await expect(visitor.getByText('Cards are refused. We look into it.').first()).toBeVisible();
  await expect(line(visitor, 'API').first()).toContainText('Partial outage');

  await page.keyboard.press('u');
  const message = page.getByLabel('Message', { exact: true });
  await expect(message).toBeFocused();
  await page.keyboard.type('It is the card processor.');
  await page.keyboard.press('Control+Enter');
  await expect(visitor.getByText('It is the card processor.').first()).toBeVisible();
  await expect(message).toHaveValue('');

  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('r');
  await expect(message).toBeFocused();
  await page.keyboard.type('Cards work again.');
  await page.keyboard.press('Control+Enter');
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
  await expect(visitor.getByText('Cards work again.').first()).toBeVisible();
  expect(loads, 'the visitor never loaded the page again').toBe(0);
});

test('two people at once: the second is told, and loses no text', async ({ page, newBrowser }) => {
  const { organization, ids } = await world(page);
  const id = await report(page, organization.slug, 'Payments fail', ids.API);
  const colleague = await newBrowser();
  await colleague.context().addCookies(await page.context().cookies());
  const address = `${organization.dashboard}/incidents/${id}`;
  await open(page, address);
  await open(colleague, address);

  const mine = page.getByLabel('Message', { exact: true });
  await mine.fill('My words.');
  const theirs = colleague.getByLabel('Message', { exact: true });
  await theirs.fill('Their words.');
  await theirs.press('Control+Enter');
  await expect(colleague.getByText('Their words.', { exact: true })).toBeVisible();

  // The update of the colleague arrives by itself, and what was typed stays.
  await expect(page.getByText('Their words.', { exact: true })).toBeVisible();
  await expect(mine).toHaveValue('My words.');
  await page.getByRole('button', { name: 'Post anyway' }).click();
  await expect(page.getByText('My words.', { exact: true })).toBeVisible();
  await expect(colleague.getByText('My words.', { exact: true })).toBeVisible();
});

test('screens of incidents and uptime', { tag: '@phone' }, async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  const { organization, ids } = await world(page);
  const id = await report(page, organization.slug, 'Payments fail', ids.API, 'major_outage');
  const over = await report(page, organization.slug, 'Mail was slow', ids.Mail, 'degraded_performance');
  await call(page, 'post_incident_update', {
    data: { organization: organization.slug, id: over, input: { status: 'resolved', body: 'Over.', services: [] } },
  });
  for (const rest of [
    '',
    '/incidents',
    '/incidents?state=all',
    '/incidents/new',
    `/incidents/new?service=${ids.API}`,
    `/incidents/${id}`,
    `/incidents/${over}`,
    '/incidents/templates',
    '/incidents/aaaaaaaaaaaa',
    '/uptime',
    `/services/${ids.API}`,
  ]) {
    await test.step(rest, async () => {
      await open(page, `${organization.dashboard}${rest}`);
      await axe(page);
      await fitsTheScreen(page);
    });
  }
  for (const rest of ['', '/history', `/incidents/${id}`, `/services/${ids.API}`]) {
    await test.step(`public ${rest}`, async () => {
      await page.goto(`${organization.page}${rest}`);
      await axe(page);
      await fitsTheScreen(page);
    });
  }
});
