// Whatever a name says, every screen shows it as text: it leads nowhere, runs nothing and breaks nothing.

import { call, createOrganization, expect, hydrated, open, type Page, signUp, test } from '../fixtures/test';

test.describe.configure({ timeout: 180_000 });

/** A name in the lengths that fields take: at most 40, 80 and 200 characters. */
interface Names {
  short: string;
  line: string;
  long: string;
}

const HOSTILE: Names = {
  short: '"></title><img src=x onerror=alert(1)>',
  line: '"></title></textarea><img src=x onerror=alert(1)><script>alert(1)</script>',
  long: 'Slow</title><meta http-equiv="refresh" content="0;url=https://evil.example/"><img src=x onerror=alert(1)><script>alert(1)</script>',
};

const INNOCENT: Names = {
  short: '</title> & "quotes" <!-- on <b>',
  line: 'Missing </title> tag & "quotes" on <b>pages</b>, &lt; too',
  long: 'Missing </title> tag & "quotes" on <b>pages</b>, </script> <!-- and &lt; too',
};

/** An organization in which everything has such a name; every address, with what its title says. */
async function world(page: Page, { short, line, long }: Names) {
  await signUp(page, { name: line });
  const { slug, dashboard, page: status } = await createOrganization(page);
  const ask = <T = string>(name: string, data: object) => call<T>(page, name, { data: { organization: slug, ...data } });
  const group = await ask('create_group', { input: { name: long, description: long } });
  const team = await ask('create_team', { name: line });
  const form = {
    organization: slug,
    'input[name]': long,
    'input[description]': long,
    'input[group_id]': group,
    'input[team_id]': team,
  };
  const service = await call<string>(page, 'create_service', { form });
  await call(page, 'update_organization', {
    form: {
      organization: slug,
      'input[name]': line,
      'input[slug]': slug,
      'input[time_zone]': 'Europe/Vienna',
      'input[description]': long,
      'input[labels][partial_outage]': short,
    },
  });
  await ask('create_token', { input: { name: short, role: 'viewer', days: '' } });
  await ask('save_template', { id: null, input: { name: line, title: long, body: long } });
  const services = [{ service_id: service, status: 'partial_outage' }];
  const incident = await ask('report_incident', { input: { title: long, body: long, services } });
  const past = await ask('report_incident', { input: { title: long, body: long } });
  await ask('post_incident_update', { id: past, input: { status: 'resolved', body: long } });
  await ask('save_postmortem', { id: past, body: long, published: true });
  await ask('link_incidents', { id: incident, other: past, together: true });
  const window = { starts_at: '2999-06-01T22:00', ends_at: '2999-06-01T23:00', services: [service] };
  const maintenance = await ask('schedule_maintenance', { input: { title: long, body: long, ...window } });
  const screens: [string, string][] = [
    ['', 'Overview'],
    ['/services', 'Services'],
    [`/services/${service}`, long],
    [`/services/${service}/edit`, 'Edit service'],
    ['/services/new', 'New service'],
    ['/incidents', 'Incidents'],
    [`/incidents/${incident}`, long],
    ['/incidents/new', 'Report incident'],
    ['/incidents/templates', 'Incident templates'],
    ['/maintenance', 'Maintenance'],
    [`/maintenance/${maintenance}`, long],
    [`/maintenance/${maintenance}/edit`, 'Edit maintenance'],
    ['/maintenance/new', 'Schedule maintenance'],
    ['/uptime', 'Uptime'],
    ['/team', 'Team'],
    ['/settings', 'Settings'],
    ['/settings/tokens', 'API tokens'],
    ['/audit', 'Audit log'],
  ];
  const pages: [string, string][] = [
    ['', line],
    ['/history', line],
    [`/incidents/${incident}`, long],
    [`/maintenance/${maintenance}`, long],
    [`/services/${service}`, long],
  ];
  return {
    screens: screens.map(([path, title]) => [dashboard + path, title] as const),
    pages: pages.map(([path, title]) => [status + path, title] as const),
    incident: `${dashboard}/incidents/${incident}`,
  };
}

/** Some screens write a filter into the query. */
async function isAt(page: Page, address: string): Promise<void> {
  await expect.poll(() => new URL(page.url()).pathname).toBe(address);
}

/** What markup would have made of a name. */
const INJECTED = 'img, meta[http-equiv], body title:not(svg title), main b';

for (const [kind, names] of Object.entries({ hostile: HOSTILE, innocent: INNOCENT })) {
  test.describe(`${kind} names are text`, () => {
    const dialogs: string[] = [];

    test.beforeEach(({ page }) => {
      dialogs.length = 0;
      page.on('dialog', async (dialog) => {
        dialogs.push(dialog.message());
        await dialog.dismiss();
      });
    });
    test.afterEach(() => expect(dialogs).toEqual([]));

    async function shows(page: Page, address: string, title: string): Promise<void> {
      await expect(page).toHaveTitle(`${title} · Candor`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
      await expect(page.locator(INJECTED)).toHaveCount(0);
      await isAt(page, address);
    }

    test('on every screen that is loaded', async ({ page }) => {
      for (const [address, title] of (await world(page, names)).screens) {
        await test.step(address, async () => {
          await open(page, address);
          await shows(page, address, title);
        });
      }
    });

    test('on every screen that the router goes to', async ({ page }) => {
      const { screens, incident } = await world(page, names);
      await open(page, incident);
      await page.evaluate(() => ((window as { stays?: boolean }).stays = true));
      for (const [address, title] of screens) {
        await test.step(address, async () => {
          // As any link in a screen does: the dashboard's router takes it.
          await page.evaluate((href) => {
            const link = document.body.appendChild(Object.assign(document.createElement('a'), { href }));
            link.click();
            link.remove();
          }, address);
          await shows(page, address, title);
        });
      }
      expect(await page.evaluate(() => (window as { stays?: boolean }).stays), 'never loaded anew').toBe(true);
    });

    test('in a message and on public pages', async ({ page }) => {
      const { pages, incident } = await world(page, names);
      await open(page, incident);
      const form = page.getByRole('form', { name: 'Post an update' });
      await form.getByLabel('Message', { exact: true }).fill(names.long);
      await form.getByRole('button', { name: 'Post update' }).click();
      await expect(page.getByRole('status').getByText('Update posted', { exact: true })).toBeVisible();
      await expect(form.getByLabel('Message', { exact: true })).toHaveValue('');

      for (const [address, title] of pages) {
        await test.step(address, async () => {
          await page.goto(address);
          expect(await page.title()).toContain(title);
          await expect(page.locator(INJECTED)).toHaveCount(0);
          await isAt(page, address);
        });
      }
    });
  });
}

test('a link in a message cannot make a screen show an error', async ({ page }) => {
  await signUp(page);
  const { slug, dashboard } = await createOrganization(page);
  const words = 'Your account is blocked.';
  const error = Buffer.from(JSON.stringify({ error: 'conflict', detail: words })).toString('base64url');
  // Relative links in messages are none.
  const { origin } = new URL((await page.request.get('/health')).url());
  const link = `${origin}${dashboard}/settings?__path=/rpc/update_organization&__err=${error}`;
  const input = { title: 'Slow', body: `[More](${link})` };
  const id = await call<string>(page, 'report_incident', { data: { organization: slug, input } });
  await open(page, `${dashboard}/incidents/${id}`);
  await page.getByRole('link', { name: 'More' }).first().click();
  await expect(page).toHaveURL(`${dashboard}/settings`);
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Save settings' })).toBeVisible();
  await expect(page.getByText(words)).toHaveCount(0);
});

test('a form that was sent before the page could be used shows its error in it', async ({ page }) => {
  await signUp(page);
  const { slug } = await createOrganization(page);
  await page.goto('/dashboard/new');
  await page.getByLabel('Name', { exact: true }).fill('Second');
  await page.getByLabel('Page URL').fill(slug);
  // Past the program in the browser, as before it has taken over.
  await page.locator('form[action="/rpc/create_organization"]').evaluate((form: HTMLFormElement) => form.submit());
  await expect(page).toHaveURL(/__err=/);
  await hydrated(page);
  await expect(page.getByText(/taken/)).toBeVisible();
  await page.reload();
  await expect(page).toHaveURL('/dashboard/new');
  await expect(page.getByText(/taken/)).toHaveCount(0);
});
