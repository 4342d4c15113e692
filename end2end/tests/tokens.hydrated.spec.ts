import type { APIRequestContext } from '@playwright/test';
import { Candor } from '../fixtures/candor';
import { type Page, createOrganization, expect, open, signUp, test } from '../fixtures/test';

/** What the API says to whoever carries this token. */
const me = (request: APIRequestContext, token: string) =>
  request.get('/api/v1/me', { headers: { Authorization: `Bearer ${token}` } });

/** Whether a text is anywhere in the page: in its elements, or typed into a field. */
const holds = (page: Page, text: string) =>
  page.evaluate((text) => {
    const typed = [...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value);
    return [document.documentElement.outerHTML, ...typed].some((words) => words.includes(text));
  }, text);

const tokenRow = (page: Page, name: string) =>
  page.getByRole('table', { name: 'API tokens' }).getByRole('row').filter({ hasText: name });

test('a token of the organization is shown once, lets a program in, and is revoked', async ({ page, request }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await signUp(page);
  const organization = await createOrganization(page);
  await open(page, `${organization.dashboard}/settings`);
  await page.getByRole('link', { name: 'API tokens' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/settings/tokens`);
  await expect(page.getByRole('heading', { name: 'No tokens yet' })).toBeVisible();
  await page.getByRole('button', { name: 'Create token' }).click();

  const dialog = page.getByRole('dialog', { name: 'New API token' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await dialog.getByLabel('Name').fill('Deploy pipeline');
  await dialog.getByLabel('Role').selectOption('Viewer');
  await dialog.getByLabel('Expires in').selectOption('90 days');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('Token “Deploy pipeline” created')).toBeVisible();
  const token = await dialog.getByRole('textbox', { name: 'Token' }).inputValue();
  expect(token).toMatch(/^cnd_\w{20,}/);
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);

  // Seen before its first use, behind the dialog.
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  await expect(tokenRow(page, 'Deploy pipeline')).toContainText(`cnd_…${token.slice(-4)}`);
  await expect(tokenRow(page, 'Deploy pipeline')).toContainText(/Viewer.*by Ana Lindqvist.*Never/);
  expect(await holds(page, token)).toBe(false);
  await page.getByRole('button', { name: 'New token', exact: true }).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('');
  expect(await holds(page, token)).toBe(false);
  await page.keyboard.press('Escape');

  const answer = await me(request, token);
  expect(answer.status()).toBe(200);
  expect(answer.headers()['cache-control']).toBe('no-store');
  expect(await answer.json()).toMatchObject({
    kind: 'organization',
    organizations: [{ slug: organization.slug, name: organization.name, role: 'viewer' }],
  });
  await open(page, `${organization.dashboard}/settings/tokens`);
  await expect(tokenRow(page, 'Deploy pipeline')).toContainText(/by Ana Lindqvist\s*just now/);
  expect(await holds(page, token)).toBe(false);

  await page.getByRole('button', { name: 'Revoke Deploy pipeline' }).click();
  const question = page.getByRole('alertdialog', { name: 'Revoke token “Deploy pipeline”?' });
  await expect(question).toHaveAccessibleDescription(/stops working immediately/);
  await question.getByRole('button', { name: 'Revoke token' }).click();
  await expect(page.getByRole('status').getByText('Token “Deploy pipeline” revoked')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'No tokens yet' })).toBeVisible();
  const refused = await me(request, token);
  expect(refused.status()).toBe(401);
  expect(refused.headers()['www-authenticate']).toContain('Bearer');
});

test('a token that cannot be made says why next to the field', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  await signUp(page);
  const organization = await createOrganization(page);
  await open(page, `${organization.dashboard}/settings/tokens`);
  await page.getByRole('button', { name: 'Create token' }).click();
  const dialog = page.getByRole('dialog', { name: 'New API token' });
  await dialog.getByLabel('Name').fill('   ');
  await dialog.getByLabel('Role').selectOption('Admin');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog.getByLabel('Role')).toHaveValue('admin');
  await dialog.getByLabel('Name').fill('CI');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('Token “CI” created')).toBeVisible();
});

test('an old session is confirmed in another tab, and what was typed stays', async ({ newBrowser, allowErrors }) => {
  allowErrors(/status of 403/);
  // The clock is the whole server's.
  const candor = await Candor.start();
  try {
    const page = await newBrowser({ baseURL: candor.url });
    const person = await signUp(page);
    const organization = await createOrganization(page);
    const forward = await fetch(`${candor.url}/test/clock?seconds=601`, { method: 'POST' });
    expect(forward.status, 'the server is built with the feature movable-clock').toBe(200);
    await open(page, `${organization.dashboard}/settings/tokens`);
    await page.getByRole('button', { name: 'Create token' }).click();
    const dialog = page.getByRole('dialog', { name: 'New API token' });
    await dialog.getByLabel('Name').fill('CI');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    const link = dialog.getByRole('link', { name: 'Confirm that it is you' });
    const [tab] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await tab.getByLabel('Password').fill(person.password);
    await tab.getByRole('button', { name: 'Confirm' }).click();
    await expect(tab).toHaveURL(`${candor.url}${organization.dashboard}/settings/tokens`);
    await tab.close();
    await expect(dialog.getByLabel('Name')).toHaveValue('CI');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await expect(dialog.getByText('Token “CI” created')).toBeVisible();
  } finally {
    await candor.remove();
  }
});

test('a token that is made or revoked appears where a colleague looks', async ({ page, newBrowser }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  const colleague = await newBrowser();
  await colleague.context().addCookies(await page.context().cookies());
  for (const dashboard of [page, colleague]) {
    await open(dashboard, `${organization.dashboard}/settings/tokens`);
    await expect(dashboard.locator('[data-live]').locator('visible=true')).toHaveText('Live');
  }
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByLabel('Name').fill('CI');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  await expect(tokenRow(colleague, 'CI')).toBeVisible();
  const token = await page.getByRole('textbox', { name: 'Token' }).inputValue();
  expect(await holds(colleague, token)).toBe(false);
  await colleague.getByRole('button', { name: 'Revoke CI' }).click();
  await colleague.getByRole('button', { name: 'Revoke token' }).click();
  await expect(colleague.getByRole('heading', { name: 'No tokens yet' })).toBeVisible();
  // The token is still there to be copied, although the list behind it has changed.
  await expect(page.getByRole('textbox', { name: 'Token' })).toHaveValue(token);
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('heading', { name: 'No tokens yet' })).toBeVisible();
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('a personal token is shown once, lets a program in, and is revoked', async ({ page, request }) => {
    const person = await signUp(page);
    const organization = await createOrganization(page);
    await page.goto('/account');
    await page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name: 'API tokens' }).click();
    await expect(page).toHaveURL('/account/tokens');
    await page.getByLabel('Name').fill('My laptop');
    await page.getByLabel('Role').selectOption('Status reporter');
    await page.getByLabel('Expires in').selectOption('30 days');
    await page.getByRole('button', { name: 'Create token' }).click();
    await expect(page.getByText('Token “My laptop” created')).toBeVisible();
    const token = await page.locator('code').filter({ hasText: /^\s*cnd_\w{20,}/ }).innerText();
    expect(page.url()).not.toContain(token);
    const listed = page.getByRole('listitem').filter({ hasText: 'My laptop' });
    await expect(listed).toContainText(/status reporter · created .* · never used · expires /);

    const answer = await me(request, token);
    expect(answer.status()).toBe(200);
    expect(await answer.json()).toMatchObject({
      kind: 'person',
      name: person.name,
      email: person.email,
      organizations: [{ slug: organization.slug, role: 'status_reporter' }],
    });
    // A cookie says nothing to the API.
    expect((await page.request.get('/api/v1/me')).status()).toBe(401);

    await page.goto('/account/tokens');
    expect(await page.content()).not.toContain(token);
    await expect(listed).toContainText(`cnd_…${token.slice(-4)}`);
    await expect(listed).toContainText(/ · last used .* · expires /);
    await page.getByRole('button', { name: 'Revoke My laptop' }).click();
    await expect(page.getByRole('status')).toHaveText('Token revoked. Anything using it stops working immediately.');
    await expect(listed).toHaveCount(0);
    expect((await me(request, token)).status()).toBe(401);
  });
});
