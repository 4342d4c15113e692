import { addServices, createOrganization, expect, fitsTheScreen, line, signUp, test, unique } from '../fixtures/test';

test('an organization and a service are created by plain forms', async ({ page }) => {
  await signUp(page);
  const slug = unique('plain');
  await page.goto('/dashboard/new');
  await page.getByLabel('Name', { exact: true }).fill('Plain & simple');
  await page.getByLabel('Page URL').fill(slug);
  await page.getByLabel('Time zone').selectOption('Europe/Vienna');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page).toHaveURL(`/dashboard/${slug}/services`);
  await expect(page.getByRole('heading', { name: 'What do your customers depend on?' })).toBeVisible();

  await page.getByRole('link', { name: 'Add your own' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Mail');
  await page.getByLabel('Description').fill('In and out');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(page).toHaveURL(`/dashboard/${slug}/services`);
  await expect(page.getByRole('link', { name: 'Mail', exact: true })).toBeVisible();

  await page.getByRole('link', { name: 'Mail', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Mail' })).toBeVisible();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Post');
  await page.getByRole('button', { name: 'Save service' }).click();
  await expect(page.getByRole('link', { name: 'Post', exact: true })).toBeVisible();

  await page.goto(`/status/${slug}`);
  await expect(line(page, 'Post')).toContainText('In and out');
});

test('a form that is refused says why next to the field', async ({ page }) => {
  await signUp(page);
  const taken = await createOrganization(page);
  await page.goto('/dashboard/new');
  await page.getByLabel('Name', { exact: true }).fill('Second');
  await page.getByLabel('Page URL').fill(taken.slug);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByLabel('Page URL')).toHaveAccessibleDescription(/taken/);
  // It is said once: the address alone, which anybody can send, shows no error.
  const link = page.url();
  expect(link).toContain('__err=');
  await page.goto(link);
  await expect(page).toHaveURL('/dashboard/new');
  await expect(page.getByLabel('Page URL')).not.toHaveAccessibleDescription(/taken/);

  await addServices(page, taken, ['API']);
  await page.goto(`${taken.dashboard}/services/new`);
  await page.getByLabel('Name', { exact: true }).fill('api');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAccessibleDescription(/already/);
});

test('every screen is painted with its data', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  const ids = await addServices(page, organization, { Core: ['API'], '': ['Mail'] });
  for (const [address, words] of [
    ['', 'All Systems Operational'],
    ['/services', '2 services'],
    ['/services/new', 'Create service'],
    [`/services/${ids.API}`, 'Status history'],
    [`/services/${ids.API}/edit`, 'Save service'],
  ] as const) {
    await page.goto(`${organization.dashboard}${address}`);
    await expect(page.getByRole('main').getByText(words)).toBeVisible();
    await fitsTheScreen(page);
  }
});

test('a screen that does not exist is answered with 404', async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  await signUp(page);
  const organization = await createOrganization(page);
  for (const address of [`${organization.dashboard}/nowhere`, `${organization.dashboard}/services/aaaaaaaaaaaa`]) {
    const answer = await page.goto(address);
    expect(answer?.status(), address).toBe(404);
    await expect(page.getByRole('link', { name: 'My dashboard' })).toBeVisible();
  }
});
