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

/** A moment as the clocks of a zone show it, as a form takes it. */
function local(moment: number, timeZone: string): string {
  return new Date(moment).toLocaleString('sv-SE', { timeZone }).slice(0, 16).replace(' ', 'T');
}

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

test('times are typed by the clock of the organization', async ({ page }) => {
  await signUp(page);
  const zone = 'Asia/Tokyo';
  const organization = await createOrganization(page, { timeZone: zone });
  const minute = 60_000;
  // Yesterday, at a whole minute: forms know no seconds.
  const began = Math.floor((Date.now() - 26 * 60 * minute) / minute) * minute;
  const ended = began + 90 * minute;

  await open(page, `${organization.dashboard}/incidents/new`);
  await page.getByLabel('Title').fill('Mail was slow');
  await page.getByLabel('This incident already happened').check();
  await page.getByLabel(`Started (${zone})`).fill(local(began, zone));
  await page.getByLabel(`Ended (${zone})`).fill(local(ended, zone));
  await page.getByRole('button', { name: 'Report incident' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mail was slow');
  const id = page.url().split('/').at(-1)!;
  const times = async () => {
    type Detail = { incident: { started_at: string; resolved_at: string }; updates: { at: string }[] };
    const detail = await call<Detail>(page, 'read_incident', { form: { organization: organization.slug, id } });
    const { started_at, resolved_at } = detail.incident;
    return [started_at, resolved_at, detail.updates[0].at].map((at) => Date.parse(at));
  };
  expect(await times()).toEqual([began, ended, ended]);

  await test.step('an update is moved', async () => {
    await page.getByRole('button', { name: /^More actions for the update “Investigating”/ }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit update' });
    const at = dialog.getByLabel(`Date and time (${zone})`);
    await expect(at).toHaveValue(local(began, zone));
    await at.fill(local(began - 30 * minute, zone));
    await dialog.getByRole('button', { name: 'Save update' }).click();
    await expect(page.getByRole('status').getByText('Update saved', { exact: true })).toBeVisible();
    expect(await times()).toEqual([began - 30 * minute, ended, ended]);
  });

  await test.step('an update has a time of its own', async () => {
    const form = page.getByRole('form', { name: 'Post an update' });
    await form.getByLabel('Message', { exact: true }).fill('It was the queue.');
    await form.getByLabel('Backdate this update').check();
    await form.getByLabel(`Date and time (${zone})`).fill(local(ended + 10 * minute, zone));
    await form.getByRole('button', { name: 'Post update' }).click();
    await expect(page.getByRole('status').getByText('Update posted', { exact: true })).toBeVisible();
    expect(await times()).toEqual([began - 30 * minute, ended, ended + 10 * minute]);
  });
});

test('the export has what the list shows', async ({ page }) => {
  const { organization, ids } = await world(page);
  const id = await report(page, organization.slug, 'Cards & co fail', ids.API, 'major_outage');
  await report(page, organization.slug, 'Mail is slow', ids.Mail, 'degraded_performance');
  await open(page, `${organization.dashboard}/incidents`);
  const link = page.getByRole('link', { name: 'Export CSV' });
  const file = `${organization.dashboard}/incidents.csv`;
  await expect(link).toHaveAttribute('href', `${file}?state=active`);
  await page.getByRole('searchbox', { name: 'Filter incidents' }).fill('cards & co');
  await page.getByRole('button', { name: 'Service: any' }).click();
  await page.getByRole('menuitemradio', { name: 'API' }).click();
  const wanted = `${file}?state=active&service=${ids.API}&words=cards%20%26%20co`;
  await expect(link).toHaveAttribute('href', wanted);
  const answer = await page.request.get(wanted);
  expect(answer.headers()['content-type']).toBe('text/csv; charset=utf-8');
  const lines = (await answer.text()).trim().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(new RegExp(`^${id},"Cards & co fail",critical,investigating,[^,]+,,,"API",major_outage,1,".*/incidents/${id}"$`));
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
