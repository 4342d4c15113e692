import {
  type Page,
  addServices,
  axe,
  call,
  createOrganization,
  expect,
  fitsTheScreen,
  open,
  setStatus,
  signUp,
  test,
} from '../fixtures/test';

// A first paint with a year of days, in a debug build.
test.describe.configure({ timeout: 120_000 });

const chart = (page: Page, by: 'day' | 'month') => page.getByRole('img', { name: `Uptime by ${by}` });
const table = (page: Page, by: 'day' | 'month' | 'service') => page.getByRole('table', { name: `Uptime by ${by}` });
const incidents = (page: Page) => page.getByRole('list', { name: 'Incidents', exact: true });
const figure = (page: Page, name: string) =>
  page.locator('main dl > div').filter({ has: page.getByText(name, { exact: true }) });

/** Two services, one of which is down by an incident. */
async function something(page: Page) {
  await signUp(page);
  const organization = await createOrganization(page);
  const ids = await addServices(page, organization, ['API', 'Mail']);
  const input = { title: 'Payments fail', services: [{ service_id: ids.API, status: 'major_outage' }] };
  const incident = await call<string>(page, 'report_incident', { data: { organization: organization.slug, input } });
  return { organization, ids, incident };
}

test('days, months and services are shown as bars and as numbers', { tag: '@phone' }, async ({ page, isMobile }) => {
  const { organization, ids, incident } = await something(page);
  if (isMobile) {
    await open(page, `${organization.dashboard}/uptime`);
  } else {
    await open(page, organization.dashboard);
    const navigation = page.getByRole('navigation', { name: 'Organization' }).locator('visible=true');
    await navigation.getByRole('link', { name: 'Uptime' }).click();
  }
  await expect(page.getByRole('heading', { level: 1, name: 'Uptime' })).toBeVisible();
  await expect(chart(page, 'day')).toBeVisible();
  await expect(chart(page, 'day')).toHaveAccessibleDescription(/Lowest: .* Axis starts at \d+%\./);
  await expect(chart(page, 'month')).toBeVisible();
  await expect(figure(page, 'Incidents')).toContainText('1 active');
  await expect(figure(page, 'Uptime')).not.toContainText('100%');
  await expect(incidents(page).getByRole('link', { name: 'Payments fail' })).toHaveAttribute(
    'href',
    `${organization.dashboard}/incidents/${incident}`,
  );
  await axe(page);
  await fitsTheScreen(page);

  await test.step('the tables behind them', async () => {
    await expect(table(page, 'day')).toBeHidden();
    for (const summary of await page.getByText('Show as table', { exact: true }).all()) {
      await summary.click();
    }
    await expect(table(page, 'day').getByRole('row')).toHaveCount(91);
    await expect(table(page, 'month').getByRole('row')).toHaveCount(13);
    const today = table(page, 'day').getByRole('row').nth(1);
    await expect(today.getByRole('link', { name: 'Payments fail' })).toBeVisible();
    await expect(table(page, 'day').getByRole('row').nth(2)).toContainText('no data');
    await axe(page);
    await fitsTheScreen(page);
  });

  await test.step('another period', async () => {
    await page.getByRole('link', { name: '30 days' }).click();
    await expect(page).toHaveURL(/\/uptime\?days=30$/);
    await expect(table(page, 'day').getByRole('row')).toHaveCount(31);
    await expect(page.getByRole('link', { name: '30 days' })).toHaveAttribute('aria-current', 'page');
    await page.getByRole('link', { name: '365 days' }).click();
    await expect(table(page, 'day').getByRole('row')).toHaveCount(366);
    await fitsTheScreen(page);
  });

  await test.step('one service', async () => {
    await expect(table(page, 'service').getByRole('row')).toHaveCount(3);
    await page.getByRole('combobox', { name: 'Service' }).selectOption('Mail');
    await expect(page).toHaveURL(new RegExp(`/uptime\\?service=${ids.Mail}&days=365$`));
    await expect(page.getByText('No incidents in this period')).toBeVisible();
    await expect(figure(page, 'Uptime')).toContainText('100%');
    await expect(table(page, 'service')).toHaveCount(0);
    await page.goBack();
    await expect(page.getByRole('combobox', { name: 'Service' })).toHaveValue('');
    await expect(incidents(page).getByRole('link', { name: 'Payments fail' })).toBeVisible();
  });
});

test('the export is the table that is shown', async ({ page }) => {
  const { organization, ids } = await something(page);
  await open(page, `${organization.dashboard}/uptime?service=${ids.API}&days=30`);
  await expect(page.getByRole('combobox', { name: 'Service' })).toHaveValue(ids.API);
  const href = await page.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
  expect(href).toBe(`${organization.dashboard}/uptime.csv?service=${ids.API}&days=30`);
  const answer = await page.request.get(href!);
  expect(answer.headers()['content-type']).toBe('text/csv; charset=utf-8');
  const lines = (await answer.text()).trim().split('\r\n');
  expect(lines).toHaveLength(31);
  expect(lines.at(-1)).toMatch(/^\d{4}-\d{2}-\d{2},"","API",\d+,\d+,0,0,0,\d+\.\d{2}$/);
});

test('what happens is seen as it happens', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API']);
  await open(page, `${organization.dashboard}/uptime`);
  await expect(chart(page, 'day')).toHaveAccessibleDescription(/No downtime\./);
  await expect(page.locator('[data-live="Live"]').locator('visible=true')).toBeVisible();
  await setStatus(page, organization.slug, ['API'], 'major_outage');
  await expect(chart(page, 'day')).toHaveAccessibleDescription(/Lowest: /);
});

test('without a service it says what to do', { tag: '@phone' }, async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  await signUp(page);
  const organization = await createOrganization(page);
  await open(page, `${organization.dashboard}/uptime`);
  await expect(page.getByRole('heading', { name: 'No services yet' })).toBeVisible();
  await axe(page);
  await fitsTheScreen(page);
  await page.getByRole('link', { name: 'Add services' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
  await open(page, `${organization.dashboard}/uptime?service=aaaaaaaaaaaa`);
  await expect(page.getByRole('heading', { name: 'This service does not exist' })).toBeVisible();
});
