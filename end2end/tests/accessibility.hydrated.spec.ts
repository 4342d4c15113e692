import { Candor } from '../fixtures/candor';
import { linkOf, startMailServer } from '../fixtures/mail-server.mjs';
import {
  type Organization,
  type Page,
  addServices,
  axe,
  call,
  chip,
  createOrganization,
  expect,
  fitsTheScreen,
  open,
  setStatus,
  signUp,
  test,
  unique,
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

/** A team with its owner in it, an open invitation with a long address, a token. */
async function people(page: Page, { slug: organization }: Organization): Promise<void> {
  const { members } = await call<{ members: { user_id: string }[] }>(page, 'read_people', { form: { organization } });
  const team = await call<string>(page, 'create_team', { data: { organization, name: 'Platform' } });
  const user = members[0].user_id;
  await call(page, 'set_team_member', { data: { organization, team, user, role: 'team_admin' } });
  await call(page, 'create_team', { data: { organization, name: 'Nobody yet' } });
  const email = `${unique('a-long-address-that-goes-on-and-on')}@status.example.com`;
  await call(page, 'invite', { data: { organization, input: { email, role: 'status_reporter' } } });
  await call(page, 'create_token', {
    data: { organization, input: { name: 'Deploy pipeline', role: 'status_reporter', days: '365' } },
  });
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
      await page.getByLabel('Email').fill('nobody@example.com');
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

  test('screens of people, settings and the audit log', async ({ page }) => {
    const { organization } = await everything(page);
    await people(page, organization);
    const empty = await createOrganization(page);
    for (const [address, words] of [
      [`${organization.dashboard}/team`, 'Pending invitations'],
      [`${organization.dashboard}/settings`, 'Delete this organization'],
      [`${organization.dashboard}/settings/tokens`, 'Deploy pipeline'],
      [`${organization.dashboard}/audit`, 'invitation sent'],
      [`${empty.dashboard}/team`, 'No teams yet.'],
      [`${empty.dashboard}/settings/tokens`, 'No tokens yet'],
    ] as const) {
      await test.step(address, async () => {
        await open(page, address);
        await expect(page.getByRole('main').getByText(words).first()).toBeVisible();
        await check(page);
      });
    }
  });

  test('dialogs of people, settings and tokens', async ({ page }) => {
    const { organization } = await everything(page);
    await people(page, organization);
    await test.step('invite', async () => {
      await open(page, `${organization.dashboard}/team`);
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'Invite a member' });
      await dialog.getByLabel('Team', { exact: true }).selectOption('Platform');
      await expect(dialog.getByLabel('Team role')).toBeVisible();
      await check(page, 'dialog[open]');
      await dialog.getByLabel('Email').fill(`${unique('bo')}@example.com`);
      await dialog.getByRole('button', { name: 'Send invitation' }).click();
      // Email isn’t set up on this server.
      await expect(dialog.getByRole('textbox', { name: 'Link' })).toHaveValue(/\/accept-invitation\?token=/);
      await check(page, 'dialog[open]');
      await dialog.getByRole('button', { name: 'Done' }).click();
      await expect(dialog).toBeHidden();
    });
    await test.step('team', async () => {
      await page.getByRole('button', { name: 'New team', exact: true }).click();
      await expect(page.getByRole('dialog', { name: 'New team' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('menu: role', async () => {
      await page.getByRole('button', { name: 'Role of Ana Lindqvist: Owner' }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await check(page, '.menu-panel:popover-open');
      await page.keyboard.press('Escape');
    });
    await test.step('leave', async () => {
      await page.getByRole('button', { name: 'More actions for Ana Lindqvist' }).click();
      await page.getByRole('menuitem', { name: 'Leave organization' }).click();
      await expect(page.getByRole('alertdialog', { name: 'Leave this organization?' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('token', async () => {
      await open(page, `${organization.dashboard}/settings/tokens`);
      await page.getByRole('button', { name: 'New token', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'New API token' });
      await expect(dialog.getByLabel('Name')).toBeFocused();
      await check(page, 'dialog[open]');
      await dialog.getByLabel('Name').fill('CI');
      await dialog.getByRole('button', { name: 'Create token' }).click();
      await expect(dialog.getByRole('textbox', { name: 'Token' })).toHaveValue(/^cnd_/);
      await check(page, 'dialog[open]');
      await dialog.getByRole('button', { name: 'Done' }).click();
      await expect(dialog).toBeHidden();
    });
    await test.step('revoke', async () => {
      await page.getByRole('button', { name: 'Revoke CI' }).click();
      await expect(page.getByRole('alertdialog', { name: 'Revoke token “CI”?' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('delete the organization', async () => {
      await open(page, `${organization.dashboard}/settings`);
      await page.getByRole('button', { name: 'Delete organization' }).click();
      await expect(page.getByRole('alertdialog', { name: `Delete ${organization.name}?` })).toBeVisible();
      await check(page, 'dialog[open]');
    });
  });

  test('plain pages of one’s account and of links in the mail', async ({ newBrowser, allowErrors }) => {
    allowErrors(/status of 404/);
    const mail = await startMailServer();
    const settings = { SMTP_URL: mail.url, MAIL_FROM: 'Candor <candor@example.com>' };
    const candor = await Candor.start({ settings });
    try {
      const page = await newBrowser({ baseURL: candor.url });
      const look = (address: string, title: string) =>
        test.step(address, async () => {
          await page.goto(address);
          await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
          await check(page);
        });
      const { email } = await signUp(page);
      const organization = await createOrganization(page);
      const invited = `${unique('bo')}@example.com`;
      const input = { email: invited, role: 'status_reporter' };
      const link = async (to: string, subject: RegExp) =>
        linkOf(await mail.waitFor((message) => message.to === to && subject.test(message.subject ?? '')));
      // Only who has verified their own address invites by mail.
      await look(await link(email, /^Verify/), 'Verify your email address');
      await page.getByRole('button', { name: 'Yes, this is my address' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Email verified');
      await call(page, 'invite', { data: { organization: organization.slug, input } });
      const invitation = await link(invited, /You are invited/);

      await look('/account', 'Your account');
      await look('/account?done=name', 'Your account');
      await look('/account/sessions', 'Your sessions');
      await look('/account/tokens', 'Your API tokens');
      await test.step('a token of one’s own', async () => {
        await page.getByLabel('Name').fill('My laptop');
        await page.getByRole('button', { name: 'Create token' }).click();
        await expect(page.getByText('Token “My laptop” created')).toBeVisible();
        await check(page);
      });
      // Signed in as somebody else than who was invited.
      await look(invitation, `Join ${organization.name}`);

      await page.context().clearCookies();
      await look(invitation, `Join ${organization.name}`);
      await look('/accept-invitation?token=x', 'This invitation isn’t valid');
      await look('/sign-in', 'Sign in');
      await look('/forgot-password', 'Forgot your password?');
      await look('/forgot-password?done=password-link', 'Forgot your password?');
      await look('/reset-password?token=x', 'This link isn’t valid');
      await page.request.post('/forgot-password', { form: { email } });
      await look(await link(email, /^Reset/), 'Choose a new password');
    } finally {
      await candor.remove();
      await mail.stop();
    }
  });

  test('no link where no mail is sent', async ({ page }) => {
    await page.goto('/forgot-password');
    await expect(page.getByText('Email isn’t set up on this server')).toBeVisible();
    await check(page);
  });

  test('menus and dialogs', async ({ page, isMobile }) => {
    const { organization } = await everything(page);
    await open(page, `${organization.dashboard}/services`);
    const menu = page.getByRole('menu');
    for (const [name, button] of [
      ['status', chip(page, 'Payments API')],
      ['row', page.getByRole('button', { name: 'More actions for Mail' })],
      ['group', page.getByRole('button', { name: 'More actions for group Core platform' })],
      ['filter', page.getByRole('button', { name: 'Status: any' })],
      ['account', page.getByRole('button', { name: /^Account menu/ }).locator('visible=true')],
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
      await expect(page.getByRole('heading', { name: 'No matching services' })).toBeVisible();
      await check(page);
      await page.getByRole('button', { name: 'Clear filters' }).click();
    });
    await test.step('dialog: group', async () => {
      await page.getByRole('button', { name: 'New group', exact: true }).click();
      await expect(page.getByRole('dialog', { name: 'New group' })).toBeVisible();
      await check(page, 'dialog[open]');
      await page.keyboard.press('Escape');
    });
    await test.step('dialog: delete', async () => {
      await page.getByRole('button', { name: 'More actions for Mail' }).click();
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
