import {
  type Page,
  addServices,
  axe,
  createOrganization,
  expect,
  open,
  row,
  signUp,
  test,
  unique,
} from '../fixtures/test';

async function atTheOverview(page: Page) {
  await signUp(page);
  const other = await createOrganization(page, { name: unique('Southwind') });
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API', 'Website', 'Payments']);
  await open(page, organization.dashboard);
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  return { organization, other };
}

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' });
const typed = (page: Page) => palette(page).getByRole('combobox');
const options = (page: Page) => palette(page).getByRole('option');

test('everything is a few letters away', async ({ page }) => {
  const { organization, other } = await atTheOverview(page);
  await page.keyboard.press('Control+k');
  await expect(typed(page)).toBeFocused();
  await expect(options(page).filter({ hasText: 'Payments' })).toBeVisible();
  await page.keyboard.type('paym');
  await expect(options(page)).toHaveCount(1);
  await expect(options(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(palette(page)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Payments' })).toBeVisible();

  await page.keyboard.press('Meta+k');
  await page.keyboard.type('new serv');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${organization.dashboard}/services/new`);

  // It opens from inside a field too.
  await page.getByLabel('Name', { exact: true }).press('Control+k');
  await page.keyboard.type(other.name);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(other.dashboard);
  await expect(page.getByRole('button', { name: `${other.name}, switch organization` }).locator('visible=true')).toBeVisible();
});

test('arrows choose, and nothing found says so', async ({ page }) => {
  const { organization } = await atTheOverview(page);
  await page.keyboard.press('Control+k');
  await expect(typed(page)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(options(page).nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(options(page).nth(1)).toHaveText(/Services/);
  await page.keyboard.type('qqqqqq');
  await expect(palette(page)).toContainText('No results. Try a different search.');
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
  await expect(page).toHaveURL(organization.dashboard);
});

test('keys that are typed into it are no shortcuts of the screen', async ({ page }) => {
  const { organization } = await atTheOverview(page);
  await page.goto(`${organization.dashboard}/services`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await expect(row(page, 'API')).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(typed(page)).toBeFocused();
  await page.keyboard.type('jsn/?');
  await expect(typed(page)).toHaveValue('jsn/?');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
});

test('the keys are listed', async ({ page }) => {
  await atTheOverview(page);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toContainText('Set the row’s status, then press 1 to 5');
  await expect(help).toContainText('Go to today in the calendar');
  await help.getByRole('button', { name: 'Close' }).click();
  await expect(help).toBeHidden();
});

test('a thumb reaches it too', { tag: '@phone' }, async ({ page }) => {
  await atTheOverview(page);
  await page.getByRole('button', { name: /^Search( ⌘K)?$/ }).locator('visible=true').click();
  await expect(typed(page)).toBeFocused();
  await typed(page).fill('website');
  await options(page).first().click();
  await expect(page.getByRole('heading', { name: 'Website' })).toBeVisible();
});

test('a thumb reaches every screen', { tag: '@phone' }, async ({ page, isMobile }) => {
  const { organization } = await atTheOverview(page);
  const more = page.getByRole('button', { name: 'More', exact: true });
  if (!isMobile) {
    // The navigation at the side has room for all.
    await expect(more).toHaveCount(0);
    return;
  }
  const items = page.getByRole('menu', { name: 'More', exact: true }).getByRole('menuitem');
  await more.click();
  await expect(items).toHaveText(['Maintenance', 'Uptime', 'Settings', 'API tokens', 'Audit log', 'Status page']);
  await axe(page, '.menu-panel:popover-open');
  await items.filter({ hasText: 'API tokens' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/settings/tokens`);
  await expect(page.getByRole('heading', { level: 1, name: 'API tokens' })).toBeVisible();
  await more.click();
  await items.filter({ hasText: 'Maintenance' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Maintenance' })).toBeVisible();
  await more.click();
  const [visitor] = await Promise.all([page.waitForEvent('popup'), items.filter({ hasText: 'Status page' }).click()]);
  await expect(visitor).toHaveURL(new RegExp(`${organization.page}$`));
});
