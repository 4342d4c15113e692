import { addServices, createOrganization, expect, fitsTheScreen, line, setStatus, signUp, test, unique } from '../fixtures/test';

/** Groups in a page of their own, with somebody else's session left behind. */
async function demonstration({ page }: { page: import('../fixtures/test').Page }) {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, {
    'Core platform': ['Web application', 'Payments API'],
    Data: ['Search', 'Exports'],
    '': ['Documentation'],
  });
  await page.context().clearCookies();
  return organization;
}

test('everything is on the page', async ({ page }) => {
  const organization = await demonstration({ page });
  const answer = await page.goto(organization.page);
  expect(answer?.status()).toBe(200);
  expect(answer?.headers()['set-cookie'], 'a visitor costs no session').toBeUndefined();
  await expect(page).toHaveTitle(`All Systems Operational · ${organization.name} status`);
  await expect(page.getByRole('banner').getByRole('link', { name: organization.name })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Core platform', 'Data', 'Past 15 days']);
  for (const name of ['Web application', 'Payments API', 'Search', 'Exports', 'Documentation']) {
    await expect(line(page, name)).toContainText('Operational');
  }
  await expect(page.locator('#banner time')).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  await expect(page.getByText(/Page updated .* All times in /)).toBeVisible();
  await fitsTheScreen(page);
});

test('the head tells programs what the page tells people', { tag: '@once' }, async ({ page, candor }) => {
  const organization = await demonstration({ page });
  await page.goto(organization.page);
  const address = `${candor.url}${organization.page}`;
  await expect(page.locator('link[rel=canonical]')).toHaveAttribute('href', address);
  await expect(page.locator('meta[property="og:url"]')).toHaveAttribute('content', address);
  await expect(page.locator('meta[property="og:title"]')).toHaveAttribute('content', await page.title());
  await expect(page.locator('meta[name=description]')).toHaveAttribute('content', new RegExp(organization.name));
});

test('groups open and close by click, with or without a script', async ({ page }) => {
  const organization = await demonstration({ page });
  await page.goto(organization.page);
  const group = page.getByRole('group').filter({ has: page.getByRole('heading', { name: 'Core platform' }) });
  await expect(line(page, 'Payments API')).toBeVisible();
  await group.locator('summary').click();
  await expect(line(page, 'Payments API')).toBeHidden();
  await expect(group.locator('summary')).toContainText('Operational');
  await group.locator('summary').click();
  await expect(line(page, 'Payments API')).toBeVisible();
});

test('the worst service decides banner, title and icon', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API', 'Website', 'Search']);
  const expected = [
    [{ API: 'degraded_performance' }, 'Partially Degraded Service', 'minor', '1 of 3 services affected'],
    [{ Website: 'partial_outage' }, 'Minor Service Outage', 'minor', '2 of 3 services affected'],
    [{ API: 'major_outage' }, 'Partial System Outage', 'major', '2 of 3 services affected'],
    [{ Website: 'major_outage', Search: 'major_outage' }, 'Major System Outage', 'critical', '3 of 3'],
    [
      { API: 'operational', Website: 'operational', Search: 'under_maintenance' },
      'Service Under Maintenance',
      'maintenance',
      '1 of 3',
    ],
    [{ Search: 'operational' }, 'All Systems Operational', 'none', '3 services'],
  ] as const;
  for (const [changes, words, indicator, affected] of expected) {
    for (const [name, status] of Object.entries(changes)) {
      await setStatus(page, organization.slug, [name], status);
    }
    await page.goto(organization.page);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(words);
    await expect(page).toHaveTitle(`${words} · ${organization.name} status`);
    await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', new RegExp(`/favicon-${indicator}\\.svg$`));
    await expect(page.locator('#banner')).toContainText(affected);
  }
});

test('a status is told by words and an icon, not by colour alone', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API', 'Website']);
  await setStatus(page, organization.slug, ['API'], 'partial_outage');
  await page.goto(organization.page);
  await expect(line(page, 'API')).toContainText('Partial outage');
  await expect(line(page, 'API').locator('svg use')).toHaveAttribute('href', '#alert');
  await expect(line(page, 'Website').locator('svg use')).toHaveAttribute('href', '#check');
});

test('an organization without services says so', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await page.goto(organization.page);
  await expect(page.getByRole('heading', { name: 'No services yet' })).toBeVisible();
});

test('names and descriptions are text, whatever they hold', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page, { name: unique('Pub & <i>Co</i>') });
  const name = `</title><script>document.title = 'x'</script> "${unique('long')}" ${'unbroken'.repeat(20)}`;
  await addServices(page, organization, [name]);
  await page.goto(organization.page);
  await expect(line(page, name)).toBeVisible();
  await expect(page).toHaveTitle(`All Systems Operational · ${organization.name} status`);
  await fitsTheScreen(page);
});

test('a page costs at most four requests, all of them here', async ({ page, candor, javaScriptEnabled }) => {
  const organization = await demonstration({ page });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(organization.page, { waitUntil: 'networkidle' });
  if (javaScriptEnabled !== false) {
    await expect(page.getByRole('status')).toHaveText('Live');
  }
  const own = asked.filter((address) => address.startsWith(`${candor.url}/`) || address.startsWith('data:'));
  expect(own).toEqual(asked);
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(asked.filter((address) => address.endsWith('.wasm'))).toEqual([]);
  await expect(page.locator('script:not([src])')).toHaveCount(0);
  await expect(page.locator('[style]')).toHaveCount(0);
});

test('a second visit costs next to nothing', { tag: '@once' }, async ({ page }) => {
  const organization = await demonstration({ page });
  const first = await page.request.get(organization.page);
  const again = await page.request.get(organization.page, { headers: { 'If-None-Match': first.headers()['etag'] } });
  expect(again.status()).toBe(304);
});

test('an unknown organization is answered with 404 and with help', async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  const answer = await page.goto(`/status/${unique('nobody')}`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Status page not found' })).toBeVisible();
  await page.getByRole('link', { name: 'All status pages' }).click();
  await expect(page.getByRole('heading', { name: 'Status pages' })).toBeVisible();
});

test('an unknown address is answered with 404', async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  const answer = await page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'All status pages' })).toBeVisible();
});
