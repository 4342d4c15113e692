import { type Page, createOrganization, expect, open, signUp, test } from '../fixtures/test';

const root = (page: Page) => page.locator('html');
const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

async function choose(page: Page, theme: string) {
  await page.getByRole('button', { name: /^Account menu/ }).locator('visible=true').click();
  await page.getByRole('menuitem', { name: theme }).click();
}

test('a theme that was chosen is painted by the server from then on', { tag: '@phone' }, async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await open(page, organization.dashboard);
  await expect(root(page)).not.toHaveAttribute('data-theme');
  const light = await background(page);
  await choose(page, 'Dark theme');
  await expect(root(page)).toHaveAttribute('data-theme', 'dark');
  const dark = await background(page);
  expect(dark).not.toBe(light);

  // In the bytes themselves, so that nothing flashes before a script runs.
  for (const address of [organization.dashboard, '/', '/sign-in']) {
    const text = await (await page.request.get(address)).text();
    expect(text.slice(0, 200)).toContain('<html lang="en" data-theme="dark"');
  }
  await open(page, `${organization.dashboard}/services`);
  expect(await background(page)).toBe(dark);

  await choose(page, 'System theme');
  await expect(root(page)).not.toHaveAttribute('data-theme');
  expect(await background(page)).toBe(light);
  const text = await (await page.request.get(organization.dashboard)).text();
  expect(text.slice(0, 200)).not.toContain('data-theme');
});

test('without a choice the system decides', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, organization.dashboard);
  const dark = await background(page);
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await background(page)).not.toBe(dark);
  await page.emulateMedia({ colorScheme: 'dark' });
  await choose(page, 'Light theme');
  expect(await background(page)).not.toBe(dark);
});

test('a public page follows the system of its reader', async ({ page }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  const body = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(organization.page);
  const light = await body();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await body()).not.toBe(light);
});
