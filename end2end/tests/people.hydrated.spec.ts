import { Candor } from '../fixtures/candor';
import { linkOf, startMailServer } from '../fixtures/mail-server.mjs';
import {
  type Organization,
  PASSWORD,
  type Page,
  test as base,
  addServices,
  call,
  chip,
  createOrganization,
  expect,
  hydrated,
  open,
  row,
  signUp,
  unique,
} from '../fixtures/test';

type Mail = Awaited<ReturnType<typeof startMailServer>>;

/** The server of this worker sends mail. */
const test = base.extend<{}, { mail: Mail }>({
  mail: [
    async ({}, use) => {
      const mail = await startMailServer();
      await use(mail);
      await mail.stop();
    },
    { scope: 'worker' },
  ],
  candor: [
    async ({ mail }, use) => {
      const candor = await Candor.start({
        settings: { SMTP_URL: mail.url, MAIL_FROM: 'Candor <candor@example.com>' },
      });
      await use(candor);
      await candor.remove();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

// Several people, each with a browser.
test.describe.configure({ timeout: 180_000 });

const mailTo = (mail: Mail, email: string, subject: RegExp) =>
  mail.waitFor((message) => message.to === email && subject.test(message.subject ?? ''), { timeout: 20_000 });
const toast = (page: Page, words: string) => page.getByRole('status').getByText(words, { exact: true });
const liveSign = (page: Page) => page.locator('[data-live]').locator('visible=true');
const member = (page: Page, name: string) =>
  page.getByRole('table', { name: 'Members' }).getByRole('row').filter({ hasText: name });
const inviteButton = (page: Page) => page.getByRole('button', { name: 'Invite', exact: true });

/** Goes to a screen by the navigation, without loading the page. */
async function goTo(page: Page, screen: string) {
  await page
    .getByRole('navigation', { name: 'Organization' })
    .getByRole('link', { name: screen })
    .locator('visible=true')
    .click();
  await expect(page.getByRole('heading', { level: 1, name: screen })).toBeVisible();
}

/** An owner at the Team screen, who has verified their address and may invite by mail. */
async function ownerAtTheTeam(page: Page, mail: Mail): Promise<Organization> {
  const { email } = await signUp(page);
  await page.goto(linkOf(await mailTo(mail, email, /^Verify/)));
  await page.getByRole('button', { name: 'Yes, this is my address' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Email verified' })).toBeVisible();
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API']);
  await open(page, `${organization.dashboard}/team`);
  await expect(member(page, 'Ana Lindqvist')).toContainText('Owner');
  return organization;
}

/** Invites by the dialog of the Team screen. */
async function invite(page: Page, email: string, role: string) {
  await inviteButton(page).click();
  const dialog = page.getByRole('dialog', { name: 'Invite a member' });
  await expect(dialog.getByLabel('Email')).toBeFocused();
  await dialog.getByLabel('Email').fill(email);
  await dialog.getByLabel('Role', { exact: true }).selectOption(role);
  await dialog.getByRole('button', { name: 'Send invitation' }).click();
  await expect(dialog.getByText(`Invitation sent to ${email}.`)).toBeVisible();
  await expect(dialog).not.toContainText('/accept-invitation');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('listitem').filter({ hasText: email })).toContainText(
    `${role} · invited by Ana Lindqvist`,
  );
}

/** The log is there, and no link of these could be read from it. */
function expectNoToken(candor: Candor, links: string[]) {
  expect(candor.output).toContain('message sent');
  for (const link of links) {
    const token = new URL(link).searchParams.get('token') ?? '';
    expect(token.length, link).toBeGreaterThan(20);
    expect(candor.output).not.toContain(token);
  }
}

test('from an invitation in the mail to an admin, and out again', { tag: '@phone' }, async ({
  page,
  newBrowser,
  candor,
  mail,
  request,
  allowErrors,
}) => {
  // What somebody who was removed asks for does not exist.
  allowErrors(/status of 404/);
  const email = `${unique('bo')}@example.com`;
  const organization = await ownerAtTheTeam(page, mail);
  await invite(page, email, 'Status reporter');

  const message = await mailTo(mail, email, /You are invited/);
  expect(message.subject).toBe(`You are invited to ${organization.name} on Candor`);
  const link = linkOf(message);
  expect(link).toMatch(new RegExp(`^${candor.url}/accept-invitation\\?token=`));
  expect(message.html).toContain(`href="${link}"`);
  expect(message.text).toContain('Status reporter');

  const person = await newBrowser();
  await test.step('a new person follows the link', async () => {
    await person.goto(link);
    await expect(person.getByRole('heading', { level: 1 })).toHaveText(`Join ${organization.name}`);
    await expect(person.getByText(`Ana Lindqvist invited ${email} as status reporter.`)).toBeVisible();
    await person.getByLabel('Name').fill('Bo Ek');
    await person.getByLabel('Password').fill(PASSWORD);
    await person.getByRole('button', { name: 'Create account and join' }).click();
    await expect(person).toHaveURL(candor.url + organization.dashboard);
    await hydrated(person);
    await expect(person.getByRole('heading', { name: 'Overview' })).toBeVisible();
  });

  await test.step('a status reporter sets statuses and nothing more', async () => {
    await goTo(person, 'Services');
    await expect(row(person, 'API')).toBeVisible();
    await expect(person.getByRole('link', { name: 'New service', exact: true })).toHaveCount(0);
    await expect(person.getByRole('button', { name: 'New group', exact: true })).toHaveCount(0);
    await chip(person, 'API', 'operational').click();
    await person.getByRole('menuitemradio', { name: 'Partial outage' }).click();
    await expect(chip(person, 'API', 'partial_outage')).toBeVisible();
    await goTo(person, 'Team');
    await expect(member(person, 'Bo Ek')).toContainText('Status reporter');
    await expect(inviteButton(person)).toHaveCount(0);
    await expect(liveSign(person)).toHaveText('Live');
  });

  let loads = 0;
  person.on('load', () => loads++);

  await test.step('the owner makes them an admin, which they see at once', async () => {
    await expect(page.getByRole('listitem').filter({ hasText: email })).toHaveCount(0);
    await page.getByRole('button', { name: 'Role of Bo Ek: Status reporter' }).click();
    await page.getByRole('menuitemradio', { name: 'Admin', exact: true }).click();
    await expect(toast(page, 'Bo Ek’s role changed to Admin')).toBeVisible();
    await expect(member(person, 'Bo Ek')).toContainText('Admin');
    await expect(inviteButton(person)).toBeVisible();
    await goTo(person, 'Services');
    await expect(person.getByRole('link', { name: 'New service', exact: true })).toBeVisible();
    expect(loads).toBe(0);
  });

  const makeToken = async (name: string) => {
    const input = { name, role: 'viewer', days: '30' };
    const data = { organization: organization.slug, input };
    return (await call<{ token: string }>(person, 'create_token', { data })).token;
  };
  const status = async (token: string) =>
    (await request.get('/api/v1/me', { headers: { Authorization: `Bearer ${token}` } })).status();
  const [deploys, monitor] = [await makeToken('Deploys'), await makeToken('Monitor')];

  await test.step('the owner removes them and keeps one of their tokens, and they are out at once', async () => {
    await page.getByRole('button', { name: 'More actions for Bo Ek' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    const question = page.getByRole('alertdialog', { name: 'Remove Bo Ek?' });
    await expect(question).toHaveAccessibleDescription(/lose access immediately/);
    await expect(question.getByRole('checkbox')).toHaveCount(2);
    await expect(question.getByRole('checkbox', { name: 'Keep Deploys' })).not.toBeChecked();
    await question.getByRole('checkbox', { name: 'Keep Monitor' }).check();
    await question.getByRole('button', { name: 'Remove' }).click();
    await expect(toast(page, 'Bo Ek removed')).toBeVisible();
    await expect(member(page, 'Bo Ek')).toHaveCount(0);
    expect(await status(deploys)).toBe(401);
    expect(await status(monitor)).toBe(200);

    await expect(person.getByRole('heading', { name: 'This organization does not exist' })).toBeVisible();
    await expect(person.getByText('API')).toHaveCount(0);
    expect(loads).toBe(0);
    await person.getByRole('link', { name: 'My dashboard' }).click();
    await expect(person).toHaveURL('/dashboard/new');
    expect((await person.goto(organization.dashboard))?.status()).toBe(404);
  });

  await test.step('the link has had its use', async () => {
    expect((await person.goto(link))?.status()).toBe(404);
    await expect(person.getByRole('heading', { name: 'This invitation isn’t valid' })).toBeVisible();
  });
  // Whoever holds the link reads the mail of that address: nothing is left to verify.
  expect(mail.messages.filter((message) => message.to === email)).toHaveLength(1);
  expectNoToken(candor, [link]);
});

test('who is removed while a dialog is open, and invited again, comes back', async ({
  page,
  newBrowser,
  mail,
  allowErrors,
}) => {
  allowErrors(/status of 404/);
  const organization = await ownerAtTheTeam(page, mail);
  const person = await newBrowser();
  const { email } = await signUp(person, { name: 'Bo Ek', email: `${unique('bo')}@example.com` });
  await invite(page, email, 'Admin');
  await person.goto(linkOf(await mailTo(mail, email, /You are invited/)));
  await person.getByRole('button', { name: `Join as ${email}` }).click();
  await hydrated(person);
  await goTo(person, 'Team');
  await expect(liveSign(person)).toHaveText('Live');
  await inviteButton(person).click();
  await expect(person.getByRole('dialog', { name: 'Invite a member' })).toBeVisible();

  const { members } = await call<{ members: { user_id: string; name: string }[] }>(page, 'read_people', {
    form: { organization: organization.slug },
  });
  const user = members.find(({ name }) => name === 'Bo Ek')?.user_id;
  await call(page, 'remove_member', { data: { organization: organization.slug, user } });
  await expect(person.getByRole('heading', { name: 'This organization does not exist' })).toBeVisible();
  await expect(person.getByRole('dialog')).toHaveCount(0);

  await invite(page, email, 'Viewer');
  const again = await mail.waitFor(
    (message) => message.to === email && message.text?.includes('as Viewer') === true,
    { timeout: 20_000 },
  );
  await person.goto(linkOf(again));
  await person.getByRole('button', { name: `Join as ${email}` }).click();
  await hydrated(person);
  await goTo(person, 'Team');
  await expect(member(person, 'Bo Ek')).toContainText('Viewer');
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? '' : ', without a script too';
  test(`a verified address is offered to join what it is invited to${how}`, async ({
    page,
    newBrowser,
    candor,
    mail,
    allowErrors,
  }) => {
    // The link of the invitation, once it was accepted by the address.
    allowErrors(/status of 404/);
    const organization = await ownerAtTheTeam(page, mail);
    const person = await newBrowser({ javaScriptEnabled });
    const { email } = await signUp(person, { name: 'Cleo Ruiz', email: `${unique('cleo')}@example.com` });
    await invite(page, email, 'Service manager');
    const invitation = linkOf(await mailTo(mail, email, /You are invited/));
    const join = person.getByRole('button', { name: `Join ${organization.name}` });

    await person.goto('/dashboard/new');
    await expect(person.getByRole('heading', { name: 'Create your organization' })).toBeVisible();
    await expect(person.getByRole('link', { name: 'verify your address' })).toHaveAttribute('href', '/account');
    await expect(join).toHaveCount(0);

    const message = await mailTo(mail, email, /^Verify/);
    const verification = linkOf(message);
    expect(message.html).toContain(`href="${verification}"`);
    await person.goto(verification);
    await person.getByRole('button', { name: 'Yes, this is my address' }).click();
    await person.getByRole('link', { name: 'Continue to the dashboard' }).click();

    await expect(person).toHaveURL('/dashboard/new');
    if (javaScriptEnabled) {
      await hydrated(person);
    }
    await expect(person.getByText('Service manager · invited by Ana Lindqvist')).toBeVisible();
    await expect(person.getByRole('button', { name: 'Create organization' })).toBeVisible();
    await join.click();
    await expect(person).toHaveURL(organization.dashboard);
    await expect(person.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await expect(member(page, 'Cleo Ruiz')).toContainText('Service manager');

    expect((await person.goto(invitation))?.status()).toBe(404);
    await person.goto('/dashboard/new');
    await expect(person.getByRole('heading', { name: 'Create your organization' })).toBeVisible();
    await expect(join).toHaveCount(0);
    expectNoToken(candor, [invitation, verification]);
  });
}
