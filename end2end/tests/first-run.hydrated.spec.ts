import { PASSWORD, createOrganization, expect, hydrated, line, open, signUp, test, unique } from '../fixtures/test';

test('from nothing to a public page', { tag: '@phone' }, async ({ page, candor }) => {
  const name = `Zürich’s Café ${unique('no')}`;
  const slug = name.replace('Zürich’s Café', 'zurichs-cafe').replaceAll(' ', '-').toLowerCase();

  await page.goto('/');
  await page.getByRole('link', { name: 'Sign up' }).first().click();
  await page.getByLabel('Name').fill('Ana Lindqvist');
  await page.getByLabel('Email').fill(`${unique('ana')}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();

  await expect(page).toHaveURL('/dashboard/new');
  await hydrated(page);
  const address = page.getByLabel('Page URL');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await expect(address).toHaveValue(slug);
  await expect(address).toHaveAccessibleDescription(/Available/);
  await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Vienna');
  await expect(page.getByLabel('List in the public directory')).toBeChecked();
  await page.getByRole('button', { name: 'Create organization' }).click();

  await expect(page).toHaveURL(`/dashboard/${slug}/services`);
  await expect(page.getByRole('heading', { name: 'What do your customers depend on?' })).toBeVisible();
  const suggested = page.getByRole('group', { name: 'Suggested services' });
  await expect(suggested.getByRole('button', { pressed: true })).toHaveText(['Website', 'API', 'Sign-in']);
  await suggested.getByRole('button', { name: 'Sign-in' }).click();
  await suggested.getByRole('button', { name: 'Webhooks' }).click();
  await suggested.getByRole('button', { name: 'Documentation' }).click();
  await page.getByRole('button', { name: 'Add 4 services' }).click();
  const list = page.getByRole('table', { name: 'Services' });
  await expect(list.getByRole('row')).toHaveCount(4);

  const [visitor] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('main').getByRole('link', { name: 'Status page' }).click(),
  ]);
  await expect(visitor).toHaveURL(`${candor.url}/status/${slug}`);
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
  for (const service of ['Website', 'API', 'Webhooks', 'Documentation']) {
    await expect(line(visitor, service)).toContainText('Operational');
  }
  await expect(visitor.getByRole('status')).toHaveText('Live');

  await page.goto('/');
  await expect(page.getByRole('link', { name: 'My dashboard' })).toBeVisible();
  await expect(page.getByRole('link', { name })).toBeVisible();
});

test('an address that is taken says so while typing, and a free one is offered', async ({ page }) => {
  await signUp(page);
  const taken = await createOrganization(page);
  await open(page, '/dashboard/new');
  const address = page.getByLabel('Page URL');
  await page.getByLabel('Name', { exact: true }).fill(taken.name);
  await expect(address).toHaveAccessibleDescription(/This URL is already taken\./);
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: `Use “${taken.slug}-2”` }).click();
  await expect(address).toHaveValue(`${taken.slug}-2`);
  await expect(address).toHaveAccessibleDescription(/Available/);

  // From now on the address is the person's own, whatever the name becomes.
  await page.getByLabel('Name', { exact: true }).fill('Another name');
  await expect(address).toHaveValue(`${taken.slug}-2`);
  await address.fill('dashboard');
  await expect(address).toHaveAccessibleDescription(/is reserved/);
  await address.fill('North Wind');
  await expect(address).toHaveAccessibleDescription(/lowercase letters a to z/);
  await address.fill(`${taken.slug}-2`);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page).toHaveURL(`/dashboard/${taken.slug}-2/services`);
});

test('a form that is refused keeps what was typed', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  await signUp(page);
  const taken = await createOrganization(page);
  await open(page, '/dashboard/new');
  await page.getByLabel('Name', { exact: true }).fill('Second');
  await page.getByLabel('Page URL').fill(taken.slug);
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByLabel('Page URL')).toHaveAccessibleDescription(/taken/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Second');
  await expect(page.getByLabel('Time zone')).toHaveValue('Asia/Tokyo');
});

test('every empty screen has a next step', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await open(page, '/dashboard');
  await expect(page).toHaveURL(organization.dashboard);
  await page.getByRole('link', { name: 'Add services' }).click();
  await expect(page.getByRole('heading', { name: 'What do your customers depend on?' })).toBeVisible();
  await page.getByRole('link', { name: 'Add your own' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Mail');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(page.getByRole('link', { name: 'Mail', exact: true })).toBeVisible();
});

test('what was typed before the program arrived is kept', async ({ page }) => {
  await signUp(page);
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/dashboard/new', { waitUntil: 'commit' });
  await page.getByLabel('Name', { exact: true }).fill('Typed early');
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
  release();
  await hydrated(page);
  await expect(page.getByLabel('Page URL')).toHaveValue('typed-early');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Typed early');
  await expect(page.getByLabel('Time zone')).toHaveValue('Asia/Tokyo');
});
