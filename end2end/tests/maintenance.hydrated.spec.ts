import { Candor } from '../fixtures/candor';
import {
  type Organization,
  type Page,
  addServices,
  axe,
  call,
  createOrganization,
  expect,
  fitsTheScreen,
  open,
  row,
  signUp,
  test,
} from '../fixtures/test';

// Many screens, each looked at from end to end, and a server of its own.
test.describe.configure({ timeout: 180_000 });

const YEAR = new Date().getFullYear() + 1;

/** A moment as the clocks of Vienna show it, as a form takes it. */
function local(moment: number): string {
  const words = new Date(moment).toLocaleString('sv-SE', { timeZone: 'Europe/Vienna' });
  return words.slice(0, 16).replace(' ', 'T');
}

/** A day in words, as screens write it. */
function inWords(day: string): string {
  const date = new Date(`${day}T12:00:00Z`);
  const part = (options: Intl.DateTimeFormatOptions) =>
    date.toLocaleDateString('en-GB', { ...options, timeZone: 'UTC' });
  return `${part({ weekday: 'long' })}, ${part({ day: 'numeric' })} ${part({ month: 'long' })} ${part({ year: 'numeric' })}`;
}

/** So many days after a day. */
function plus(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A day as windows are told: `Sat 21 Nov 2026`. */
function short(day: string): string {
  const date = new Date(`${day}T12:00:00Z`);
  const part = (options: Intl.DateTimeFormatOptions) =>
    date.toLocaleDateString('en-US', { ...options, timeZone: 'UTC' });
  return `${part({ weekday: 'short' })} ${part({ day: 'numeric' })} ${part({ month: 'short' })} ${part({ year: 'numeric' })}`;
}

interface World {
  organization: Organization;
  ids: Record<string, string>;
}

async function world(page: Page): Promise<World> {
  await signUp(page);
  const organization = await createOrganization(page);
  return { organization, ids: await addServices(page, organization, ['API', 'Mail']) };
}

/** Schedules a maintenance without a screen; its id. */
async function schedule(
  page: Page,
  { organization, ids }: World,
  title: string,
  from: string,
  to: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const input = { title, starts_at: from, ends_at: to, services: [ids.API], ...more };
  return call<string>(page, 'schedule_maintenance', { data: { organization: organization.slug, input } });
}

const toast = (page: Page, words: string) => page.getByRole('status').getByText(words, { exact: true });
const fact = (page: Page, name: string) =>
  page
    .locator('dl div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .getByRole('definition');
const updates = (page: Page) => page.getByRole('region', { name: 'Updates' }).getByRole('listitem');

test('a window begins and ends by the clock, in the dashboard and for visitors', async ({ newBrowser }) => {
  // The clock is the whole server's.
  const candor = await Candor.start();
  const forward = async (minutes: number) => {
    const answer = await fetch(`${candor.url}/test/clock?seconds=${minutes * 60}`, { method: 'POST' });
    expect(answer.status, 'the server is built with the feature movable-clock').toBe(200);
  };
  try {
    const page = await newBrowser({ baseURL: candor.url });
    const { organization } = await world(page);
    await open(page, `${organization.dashboard}/maintenance`);
    await expect(page.getByRole('heading', { name: 'No maintenance yet' })).toBeVisible();
    await page.keyboard.press('n');
    await expect(page).toHaveURL(`${organization.dashboard}/maintenance/new`);

    const now = Date.now();
    await page.getByLabel('Title').fill('Database upgrade');
    await page.getByRole('combobox', { name: 'Search services' }).fill('api');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('list', { name: 'Selected services' }).getByRole('listitem')).toHaveText(['API']);
    await page.getByLabel('Starts (Europe/Vienna)').fill(local(now + 60 * 60_000));
    await page.getByRole('button', { name: '2 h' }).click();
    await expect(page.getByLabel('Ends (Europe/Vienna)')).toHaveValue(local(now + 180 * 60_000));
    const message = page.getByRole('textbox', { name: 'Message' });
    await message.fill('Reads *only*.');
    await page.getByRole('button', { name: 'Preview' }).click();
    await expect(page.getByRole('region', { name: 'Preview' }).locator('em')).toHaveText('only');
    await page.getByRole('button', { name: 'Write' }).click();
    await message.press('Control+Enter');

    await expect(page.getByRole('heading', { level: 1, name: 'Database upgrade' })).toBeVisible();
    await expect(fact(page, 'Status')).toHaveText('Scheduled');
    await expect(fact(page, 'Window')).toContainText(/ to .*\d\d:\d\d CES?T/);
    await expect(updates(page)).toHaveCount(1);
    const visitor = await newBrowser({ baseURL: candor.url });
    await visitor.goto(organization.page);
    const shown = visitor.getByRole('region', { name: 'Maintenance', exact: true });
    await expect(shown).toContainText('Database upgrade');
    await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');

    await forward(61);
    await expect(fact(page, 'Status')).toHaveText('In progress');
    await expect(updates(page)).toHaveCount(2);
    await expect(updates(page).first()).toContainText('Automatic');
    await visitor.reload();
    await expect(shown).toContainText('In progress');
    await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Service Under Maintenance');

    await forward(121);
    await expect(fact(page, 'Status')).toHaveText('Completed');
    await visitor.reload();
    await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
    await open(page, `${organization.dashboard}/maintenance?state=past`);
    await expect(row(page, 'Database upgrade')).toContainText('Completed');
    // A page would miss its server.
    await Promise.all([page.close(), visitor.close()]);
  } finally {
    await candor.remove();
  }
});

test('a form keeps what was typed and says what is wrong beside it', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const { organization, ids } = await world(page);
  await open(page, `${organization.dashboard}/maintenance/new?service=${ids.Mail}&day=${YEAR}-06-10`);
  await expect(page.getByRole('list', { name: 'Selected services' }).getByRole('listitem')).toHaveText(['Mail']);
  await expect(page.getByLabel('Starts (Europe/Vienna)')).toHaveValue(`${YEAR}-06-10T22:00`);
  await page.getByRole('button', { name: 'Remove Mail' }).click();
  await page.getByLabel('Starts (Europe/Vienna)').fill(`${YEAR}-06-10T23:30`);
  await page.getByRole('textbox', { name: 'Message' }).fill('Still here.');
  await page.getByLabel('Repeat').selectOption('Custom rule');
  const save = page.getByRole('button', { name: 'Schedule maintenance' });
  await save.click();
  await expect(page.getByLabel('Rule')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Rule').fill('FREQ=SECONDLY');
  await save.click();
  await expect(page.getByLabel('Title')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert').getByText(/Choose at least one service/)).toBeVisible();
  await expect(page.getByLabel('Rule')).toHaveAccessibleDescription(/daily at most/);
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('Still here.');
  await page.getByLabel('Title').fill('Patch');
  await page.getByRole('option', { name: /API/ }).click();
  await page.getByLabel('Repeat').selectOption('Once');
  await save.click();
  await expect(page.getByLabel('Ends (Europe/Vienna)')).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: '30 min' }).click();
  await expect(page.getByLabel('Ends (Europe/Vienna)')).toHaveValue(`${YEAR}-06-11T00:00`);
  await save.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Patch' })).toBeVisible();
  await expect(updates(page)).toContainText(['Still here.']);
});

test('what is written about a maintenance survives what others do', async ({ page, allowErrors }) => {
  allowErrors(/status of 409/);
  const here = await world(page);
  const id = await schedule(page, here, 'Patch', `${YEAR}-06-10T22:00`, `${YEAR}-06-10T23:00`);
  await open(page, `${here.organization.dashboard}/maintenance/${id}`);
  const message = page.getByRole('textbox', { name: 'Message' });
  await page.keyboard.press('u');
  await expect(message).toBeFocused();
  await page.keyboard.type('Mine.');
  const input = { body: 'Theirs.' };
  await call(page, 'update_maintenance', { data: { organization: here.organization.slug, id, input } });
  await expect(page.getByText('while you were writing.', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: 'Post update' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Your draft is safe.' })).toBeVisible();
  await expect(message).toHaveValue('Mine.');
  await page.getByRole('button', { name: 'Post anyway' }).click();
  await expect(toast(page, 'Update posted')).toBeVisible();
  await expect(updates(page)).toContainText(['Mine.', 'Theirs.']);
  await expect(message).toHaveValue('');
});

test('it is started, extended, verified and completed by hand', async ({ page }) => {
  const here = await world(page);
  const more = { by_hand: true };
  const id = await schedule(page, here, 'Move', `${YEAR}-03-01T22:00`, `${YEAR}-03-01T23:00`, more);
  await open(page, `${here.organization.dashboard}/maintenance/${id}`);
  await page.getByRole('button', { name: 'Start now' }).click();
  await expect(fact(page, 'Status')).toHaveText('In progress');
  await page.getByRole('button', { name: 'Extend' }).click();
  const end = page.getByLabel('New end (Europe/Vienna)');
  await expect(end).toHaveValue(`${YEAR}-03-01T23:00`);
  await page.getByRole('button', { name: '+1 h' }).click();
  await expect(end).toHaveValue(`${YEAR}-03-02T00:00`);
  await page.getByRole('button', { name: 'Update end time' }).click();
  await expect(toast(page, 'End time updated')).toBeVisible();
  const [first, second] = [short(`${YEAR}-03-01`), short(`${YEAR}-03-02`)];
  await expect(fact(page, 'Window')).toContainText(`${first}, 22:00 to ${second}, 00:00 CET`);
  await page.getByRole('button', { name: 'Start verifying' }).click();
  await expect(fact(page, 'Status')).toHaveText('Verifying');
  await page.getByRole('button', { name: 'Complete now' }).click();
  await expect(fact(page, 'Status')).toHaveText('Completed');
  await expect(page.getByRole('button', { name: 'Extend' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
});

test('the list is filtered, and what is in it edited, cancelled and deleted', async ({ page, allowErrors }) => {
  // What has just been deleted is asked for once more before its screen is left.
  allowErrors(/status of 404/);
  const here = await world(page);
  const { organization, ids } = here;
  const patch = await schedule(page, here, 'Patch', `${YEAR}-06-10T22:00`, `${YEAR}-06-10T23:00`);
  await schedule(page, here, 'Move', `${YEAR}-06-11T22:00`, `${YEAR}-06-11T23:00`, { services: [ids.Mail] });
  await open(page, `${organization.dashboard}/maintenance`);
  const links = page.getByRole('table', { name: 'Maintenance' }).getByRole('row').getByRole('link');
  const tab = (name: string) =>
    page.getByRole('navigation', { name: 'Maintenance by state' }).getByRole('link', { name });
  await expect(links).toHaveText(['Patch', 'Move']);
  await expect(tab('Upcoming')).toHaveText(/2$/);
  await expect(row(page, 'Patch')).toContainText(`${short(`${YEAR}-06-10`)}, 22:00 to 23:00 CEST`);
  await page.keyboard.press('/');
  await page.keyboard.type('mov');
  await expect(links).toHaveText(['Move']);
  await page.keyboard.type('zzz');
  await expect(page.getByRole('heading', { name: 'No matching maintenance' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('button', { name: 'Service: any' }).click();
  await page.getByRole('menuitemradio', { name: 'API' }).click();
  await expect(links).toHaveText(['Patch']);

  await links.first().click();
  await page.getByRole('link', { name: 'Edit' }).click();
  await expect(page.getByLabel('Starts (Europe/Vienna)')).toHaveValue(`${YEAR}-06-10T22:00`);
  await page.getByLabel('Title').fill('Patch day');
  await page.getByLabel('Starts (Europe/Vienna)').fill(`${YEAR}-06-10T21:00`);
  await page.getByRole('button', { name: 'Save maintenance' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Patch day' })).toBeVisible();
  await expect(page).toHaveURL(`${organization.dashboard}/maintenance/${patch}`);
  await expect(fact(page, 'Window')).toContainText('21:00 to 23:00');

  await page.getByRole('textbox', { name: 'Message' }).fill('Not needed after all.');
  await page.getByRole('button', { name: 'Cancel maintenance' }).click();
  const asks = page.getByRole('alertdialog', { name: 'Cancel “Patch day”?' });
  await asks.getByRole('button', { name: 'Cancel maintenance' }).click();
  await expect(fact(page, 'Status')).toHaveText('Cancelled');
  await expect(updates(page).first()).toContainText('Not needed after all.');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const deletes = page.getByRole('alertdialog', { name: 'Delete “Patch day”?' });
  await expect(deletes).toContainText('its public page');
  await deletes.getByRole('button', { name: 'Delete maintenance' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/maintenance`);
  await expect(links).toHaveText(['Move']);
});

test('a series is marked, and ends', async ({ page }) => {
  const here = await world(page);
  const from = Date.now() + 60 * 60_000;
  const repeat = { repeat: 'weekly' };
  const id = await schedule(page, here, 'Patch', local(from), local(from + 60 * 60_000), repeat);
  await open(page, `${here.organization.dashboard}/maintenance/${id}`);
  await expect(page.getByText('Weekly', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'End series' }).click();
  const asks = page.getByRole('alertdialog', { name: 'End this series?' });
  await asks.getByRole('button', { name: 'End series' }).click();
  await expect(page.getByText('The series has ended.', { exact: false })).toBeVisible();
  await open(page, `${here.organization.dashboard}/maintenance`);
  await expect(page.getByText('Series', { exact: true })).toHaveCount(1);
});

test('a weekly maintenance is many windows, of which one is cancelled alone', async ({ page }) => {
  const here = await world(page);
  const { dashboard } = here.organization;
  // Soon enough that many windows are made, and not today, which may end while this runs.
  const days = [0, 7, 14, 21].map((later) => plus(local(Date.now()).slice(0, 10), 2 + later));
  const [first, second, ...rest] = days;

  await test.step('it is scheduled once', async () => {
    await open(page, `${dashboard}/maintenance/new?service=${here.ids.API}`);
    await expect(page.getByRole('list', { name: 'Selected services' }).getByRole('listitem')).toHaveText(['API']);
    await page.getByLabel('Title').fill('Patch');
    await page.getByLabel('Starts (Europe/Vienna)').fill(`${first}T22:00`);
    await page.getByRole('button', { name: '1 h', exact: true }).click();
    await expect(page.getByLabel('Ends (Europe/Vienna)')).toHaveValue(`${first}T23:00`);
    await page.getByLabel('Repeat').selectOption('Weekly');
    await expect(page.getByLabel('Repeat')).toHaveAccessibleDescription(/three months ahead/);
    await page.getByRole('button', { name: 'Schedule maintenance' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Patch' })).toBeVisible();
    await expect(fact(page, 'Window')).toContainText(`${short(first)}, 22:00 to 23:00`);
    await expect(page.getByText('Weekly', { exact: true })).toBeVisible();
  });

  const windows = row(page, 'Patch');
  /** Goes to the month of a day; the cell of that day. */
  const cell = async (day: string) => {
    const address = `${dashboard}/maintenance?view=calendar&month=${day.slice(0, 7)}`;
    if (!page.url().endsWith(address)) await open(page, address);
    return page.getByRole('table').getByRole('cell').filter({ hasText: inWords(day) });
  };
  let many = 0;

  await test.step('its windows are listed, a week apart', async () => {
    await open(page, `${dashboard}/maintenance`);
    for (const [at, day] of days.entries()) {
      await expect(windows.nth(at)).toContainText(`${short(day)}, 22:00 to 23:00`);
      await expect(windows.nth(at)).toContainText('Series');
    }
    many = await windows.count();
    expect(many, 'windows of three months').toBeGreaterThan(11);
  });

  await test.step('and stand on their days in the calendar', async () => {
    for (const day of days) {
      const chip = (await cell(day)).getByRole('link', { name: /22:00 Patch/ });
      await expect(chip).toHaveCount(1);
      await expect(chip).toContainText('Scheduled, 22:00 to 23:00, API');
    }
    const between = await cell(plus(first, 1));
    await expect(between).toHaveCount(1);
    await expect(between.getByRole('link', { name: /Patch/ })).toHaveCount(0);
  });

  await test.step('one is cancelled', async () => {
    await (await cell(second)).getByRole('link', { name: /22:00 Patch/ }).click();
    await expect(fact(page, 'Window')).toContainText(`${short(second)}, 22:00 to 23:00`);
    await page.getByRole('button', { name: 'Cancel maintenance' }).click();
    const asks = page.getByRole('alertdialog', { name: 'Cancel “Patch”?' });
    await asks.getByRole('button', { name: 'Cancel maintenance' }).click();
    await expect(fact(page, 'Status')).toHaveText('Cancelled');
    await expect(page.getByText('Weekly', { exact: true })).toBeVisible();
  });

  await test.step('and the others remain', async () => {
    await open(page, `${dashboard}/maintenance`);
    await expect(windows).toHaveCount(many - 1);
    for (const [at, day] of [first, ...rest].entries()) {
      await expect(windows.nth(at)).toContainText(`${short(day)}, 22:00 to 23:00`);
    }
    for (const day of days) {
      const chip = (await cell(day)).getByRole('link', { name: /22:00 Patch/ });
      await expect(chip).toContainText(day === second ? 'Cancelled' : 'Scheduled');
    }
    await open(page, `${dashboard}/maintenance?state=past`);
    await expect(windows).toHaveCount(1);
    await expect(windows).toContainText(short(second));
  });
});

test('the calendar by month and by week', { tag: '@phone' }, async ({ page, isMobile }) => {
  const here = await world(page);
  const { dashboard } = here.organization;
  const busy = `${YEAR}-06-10`;
  for (const title of ['First', 'Second', 'Third', 'Fourth']) {
    await schedule(page, here, title, `${busy}T22:00`, `${busy}T23:00`);
  }
  const long = await schedule(page, here, 'Move', `${YEAR}-06-15T22:00`, `${YEAR}-06-17T02:00`);
  await open(page, `${dashboard}/maintenance?view=calendar&month=${YEAR}-06`);
  await expect(page.getByRole('heading', { level: 2, name: `June ${YEAR}` })).toBeVisible();
  await expect(page.getByText('Times in Europe/Vienna')).toBeVisible();

  await test.step('month', async () => {
    if (isMobile) {
      await expect(page.getByRole('table')).toHaveCount(0);
      const days = page.getByRole('heading', { level: 3 });
      const expected = [busy, `${YEAR}-06-15`, `${YEAR}-06-16`, `${YEAR}-06-17`].map(inWords);
      await expect(days.locator('visible=true')).toHaveText(expected);
      const links = page.getByRole('link', { name: /^Fourth/ }).locator('visible=true');
      await expect(links).toContainText('22:00 to 23:00');
      await expect(links).toContainText('Scheduled');
    } else {
      const table = page.getByRole('table', { name: `June ${YEAR}` });
      await expect(table.getByRole('columnheader')).toHaveCount(7);
      await expect(table.getByRole('columnheader').first()).toContainText('Monday');
      const cell = (day: string) => table.getByRole('cell').filter({ hasText: inWords(day) });
      await expect(cell(busy).getByRole('link', { name: /22:00 (First|Second|Third|Fourth)/ })).toHaveCount(3);
      await expect(cell(busy).getByRole('link', { name: `+1 more on ${inWords(busy)}` })).toBeVisible();
      for (const [day, words] of [
        [`${YEAR}-06-15`, 'from 22:00'],
        [`${YEAR}-06-16`, 'all day'],
        [`${YEAR}-06-17`, 'until 02:00'],
      ]) {
        await expect(cell(day).getByRole('link', { name: /Move/ })).toContainText(words);
      }
      // An empty day leads to the form, from the keyboard too.
      const empty = `${YEAR}-06-21`;
      await page.getByRole('link', { name: `Schedule maintenance on ${inWords(empty)}` }).locator('visible=true').focus();
      await page.keyboard.press('Enter');
      await expect(page).toHaveURL(`${dashboard}/maintenance/new?day=${empty}`);
      await page.goBack();
      await expect(table).toBeVisible();
    }
    await axe(page);
    await fitsTheScreen(page);
  });

  await test.step('other months', async () => {
    await page.getByRole('link', { name: 'Next month' }).click();
    await expect(page.getByRole('heading', { level: 2, name: `July ${YEAR}` })).toBeVisible();
    await page.getByRole('link', { name: 'Previous month' }).click();
    await page.getByRole('link', { name: 'Today' }).click();
    await expect(page).toHaveURL(`${dashboard}/maintenance?view=calendar`);
    if (!isMobile) {
      await expect(page.locator('[aria-current="date"]').locator('visible=true')).toHaveCount(1);
    }
    await axe(page);
  });

  await test.step('week', async () => {
    await open(page, `${dashboard}/maintenance?view=week&day=${busy}`);
    await expect(page.getByRole('heading', { level: 2 }).filter({ hasText: `${YEAR}` })).toContainText(' to ');
    for (const title of ['First', 'Second', 'Third', 'Fourth']) {
      await expect(page.getByRole('link', { name: new RegExp(`^${title}`) }).locator('visible=true')).toBeVisible();
    }
    await axe(page);
    await fitsTheScreen(page);
    await page.getByRole('link', { name: 'Next week' }).click();
    await page.getByRole('link', { name: /^Move/ }).locator('visible=true').first().click();
    await expect(page).toHaveURL(`${dashboard}/maintenance/${long}`);
  });
});

test('its screens, for everybody', { tag: '@phone' }, async ({ page }) => {
  const here = await world(page);
  const { dashboard } = here.organization;
  await open(page, `${dashboard}/maintenance`);
  await axe(page);
  const title = `Moving everything to where it belongs ${'x'.repeat(60)}`;
  const from = Date.now() - 5 * 60_000;
  const more = { repeat: 'weekly', body: 'Reads *only*.', services: [here.ids.API, here.ids.Mail] };
  const id = await schedule(page, here, title, local(from), local(from + 60 * 60_000), more);
  for (const address of ['', '?state=past', '?view=calendar', '?view=week', '/new', `/${id}`, `/${id}/edit`]) {
    await test.step(address || 'the list', async () => {
      await open(page, `${dashboard}/maintenance${address}`);
      await axe(page);
      await fitsTheScreen(page);
    });
  }
  await open(page, `${dashboard}/maintenance/${id}`);
  await page.getByRole('button', { name: 'Extend' }).click();
  await expect(page.getByLabel('New end (Europe/Vienna)')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await axe(page, 'dialog[open]');
});
