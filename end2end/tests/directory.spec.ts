import { addServices, createOrganization, expect, fitsTheScreen, setStatus, signUp, test, unique } from '../fixtures/test';

test('listed organizations are there with how they are', async ({ page }) => {
  await signUp(page);
  const well = await createOrganization(page);
  await addServices(page, well, ['API', 'Website']);
  const unwell = await createOrganization(page);
  await addServices(page, unwell, ['API', 'Website', 'Search']);
  await setStatus(page, unwell.slug, ['Search'], 'major_outage');
  const hidden = await createOrganization(page, { listed: false });
  await page.context().clearCookies();

  await page.goto('/');
  await expect(page).toHaveTitle('Candor: status pages that stay up');
  const entry = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name }) });
  await expect(entry(well.name)).toContainText('All Systems Operational');
  await expect(entry(well.name)).toContainText('2 services');
  await expect(entry(unwell.name)).toContainText('Partial System Outage');
  await expect(entry(unwell.name)).toContainText('1 of 3 services affected');
  await expect(entry(unwell.name).getByRole('listitem').first()).toContainText(/Search.*Major outage/);
  await expect(page.getByText(hidden.name)).toHaveCount(0);
  await fitsTheScreen(page);

  await page.getByRole('link', { name: well.name }).click();
  await expect(page).toHaveURL(well.page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
});

test('organizations are found by their name and by their services', async ({ page }) => {
  await signUp(page);
  const [first, second] = [await createOrganization(page), await createOrganization(page)];
  const service = unique('Teleporter 100%_');
  await addServices(page, second, [service]);
  const found = page.getByRole('main').getByRole('link', { name: /Northwind/ });
  await page.goto('/');
  const search = page.getByRole('searchbox', { name: 'Search organizations and services' });

  await search.fill(first.name.toUpperCase());
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(found).toHaveCount(1);
  await expect(found).toContainText(first.name);
  await expect(search).toHaveValue(first.name.toUpperCase());

  await search.fill(service);
  await search.press('Enter');
  await expect(found).toHaveCount(1);
  await expect(found).toContainText(second.name);
});

test('only those with problems', async ({ page }) => {
  await signUp(page);
  const word = unique('Shared');
  const well = await createOrganization(page, { name: `${word} well` });
  const unwell = await createOrganization(page, { name: `${word} unwell` });
  await addServices(page, well, ['API']);
  await addServices(page, unwell, ['API']);
  await setStatus(page, unwell.slug, ['API'], 'under_maintenance');
  await page.goto('/');
  await page.getByRole('searchbox').fill(word);
  await page.getByRole('checkbox', { name: 'Only show problems' }).check();
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('link', { name: unwell.name })).toBeVisible();
  await expect(page.getByRole('link', { name: well.name })).toHaveCount(0);
  await expect(page.getByRole('checkbox', { name: 'Only show problems' })).toBeChecked();
});

test('a search that finds nothing says so and leads on', async ({ page }) => {
  await page.goto(`/?q=${unique('nothing')}`);
  await expect(page.getByRole('heading', { name: 'No results' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(page).toHaveURL('/');
});

test('who is signed in finds the way to the dashboard', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('navigation').getByRole('link')).toHaveText(['Sign in', 'Sign up']);
  await signUp(page);
  const organization = await createOrganization(page);
  await page.goto('/');
  await page.getByRole('link', { name: 'My dashboard' }).click();
  await expect(page).toHaveURL(organization.dashboard);
});
