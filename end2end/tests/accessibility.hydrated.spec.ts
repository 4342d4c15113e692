import { Candor } from '../fixtures/candor';
import {
  type Organization,
  type Page,
  addServices,
  axe,
  chip,
  createOrganization,
  expect,
  fitsTheScreen,
  open,
  setStatus,
  signUp,
  test,
} from '../fixtures/test';

/** An organization in which every status is there, in and outside groups. */
async function everything(page: Page): Promise<{ organization: Organization; ids: Record<string, string> }> {
  await signUp(page);
  const organization = await createOrganization(page);
  const ids = await addServices(page, organization, {
    'Core platform': ['Web application', 'Payments API'],
    'Empty group': [],
    '': ['Mail', 'Search', `A service with a long name that goes on and on until it has to wrap ${'x'.repeat(60)}`],
  });
  await setStatus(page, organization.slug, ['Payments API'], 'partial_outage');
  await setStatus(page, organization.slug, ['Mail'], 'major_outage');
  await setStatus(page, organization.slug, ['Search'], 'degraded_performance');
  await setStatus(page, organization.slug, ['Web application'], 'under_maintenance');
  return { organization, ids };
}

// Many screens and many menus, each looked at from end to end.
test.describe.configure({ timeout: 240_000 });

async function check(page: Page, within?: string) {
  await axe(page, within);
  await fitsTheScreen(page);
}

test.describe('in light and dark', { tag: '@phone' }, () => {
  test('pages for everybody', async ({ page, allowErrors }) => {
    allowErrors(/status of 4(04|22)/);
    const { organization } = await everything(page);
    const empty = await createOrganization(page);
    await page.context().clearCookies();
    for (const address of [
      '/',
      '/?q=nothing-has-this-name',
      '/sign-in',
      '/sign-up',
      organization.page,
      empty.page,
      '/status/nobody-is-here',
      '/nowhere',
    ]) {
      await test.step(address, async () => {
        await page.goto(address);
        await check(page);
      });
    }
    await test.step('a refused sign-in', async () => {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').fill('nobody@example.com');
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true');
      await check(page);
    });
  });

  test('screens of the dashboard', async ({ page, allowErrors }) => {
    allowErrors(/status of 404/);
    const { organization, ids } = await everything(page);
    const empty = await createOrganization(page);
    for (const address of [
      '/dashboard/new',
      organization.dashboard,
      `${organization.dashboard}/services`,
      `${organization.dashboard}/services/new`,
      `${organization.dashboard}/services/${ids.Mail}`,
      `${organization.dashboard}/services/${ids.Mail}/edit`,
      `${organization.dashboard}/nowhere`,
      empty.dashboard,
      `${empty.dashboard}/services`,
    ]) {
      await test.step(address, async () => {
        await open(page, address);
        await check(page);
      });
    }
  });

  test('menus and dialogs', async ({ page, isMobile }) => {
    const { organization } = await everything(page);
    await open(page, `${organization.dashboard}/services`);
    const menu = page.getByRole('menu');
    for (const [name, button] of [
      ['status', chip(page, 'Payments API')],
      ['row', page.getByRole('button', { name: 'More for Mail' })],
      ['group', page.getByRole('button', { name: 'More for the group Core platform' })],
      ['filter', page.getByRole('button', { name: 'Status: any' })],
      ['account', page.getByRole('button', { name: /^Account of/ }).locator('visible=true')],
      ['organizations', page.getByRole('button', { name: /switch organization/ }).locator('visible=true')],
    ] as const) {
      await test.step(`menu: ${name}`, async () => {
        await button.click();
        await expect(menu).toBeVisible();
        await check(page, '.menu-panel:popover-open');
        await page.keyboard.press('Escape');
        await expect(menu).toBeHidden();
      });
    }
    await test.step('selection', async () => {
      await page.getByRole('checkbox', { name: 'Select Mail' }).check();
      await check(page);
      await page.getByRole('button', { name: 'Clear' }).click();
    });
    await test.step('empty by filter', async () => {
      await page.getByRole('searchbox').fill('nothing has this name');
      await expect(page.getByRole('heading', { name: 'No service fits' })).toBeVisible();
      await check(page);
      await page.getByRole('button', { name: 'Clear the filter' }).click();
    });
    await test.step('dialog: group', async () => {
      await page.getByRole('button', { name: 'Group', exact: true }).click();
      await expect(page.getByRole('dialog', { name: 'New group' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('dialog: delete', async () => {
      await page.getByRole('button', { name: 'More for Mail' }).click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      await expect(page.getByRole('alertdialog', { name: 'Delete Mail?' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('palette', async () => {
      if (isMobile) {
        await page.getByRole('button', { name: 'Search', exact: true }).locator('visible=true').click();
      } else {
        await page.keyboard.press('Control+k');
      }
      await expect(page.getByRole('option').first()).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog', { name: 'Commands' })).toBeHidden();
    });
    await test.step('keys', async () => {
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('toast', async () => {
      await chip(page, 'Mail').click();
      await page.getByRole('menuitemradio', { name: 'Operational' }).click();
      await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
      await check(page);
    });
  });
});

test('the design system', async ({ page, newBrowser }) => {
  const candor = await Candor.start({ settings: { CANDOR_ENV: 'development' } });
  try {
    const other = await newBrowser({ baseURL: candor.url });
    await signUp(other);
    await open(other, '/design');
    await expect(other.getByRole('heading', { level: 1 })).toBeVisible();
    await check(other);
  } finally {
    await candor.remove();
  }
  // It is not for production.
  await signUp(page);
  expect((await page.request.get('/design')).status()).toBe(404);
});
