import {
  type Page,
  addServices,
  axe,
  call,
  chip,
  createOrganization,
  expect,
  fitsTheScreen,
  line,
  open,
  row,
  services,
  setStatus,
  signUp,
  test,
} from '../fixtures/test';

const NAMES = ['API', 'Website', 'Search', 'Mail'];

/** Somebody at the list of services of a new organization. */
async function atTheList(page: Page, names: Parameters<typeof addServices>[2] = NAMES) {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, names);
  await open(page, `${organization.dashboard}/services`);
  await expect(row(page, 'API')).toBeVisible();
  return organization;
}

const links = (page: Page) => page.getByRole('table', { name: 'Services' }).getByRole('link');
const announced = (page: Page) => page.locator('p[role=status][aria-live=polite]');
const toast = (page: Page, words: string) => page.getByRole('status').getByText(words, { exact: true });

/** What a visitor reads, in order. */
async function onThePage(page: Page, address: string): Promise<string> {
  return (await page.request.get(address)).text();
}

test('adding a service shows it in the list and on the page', async ({ page }) => {
  const organization = await atTheList(page, { Core: ['API'] });
  await page.getByRole('link', { name: 'New service', exact: true }).click();
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.getByLabel('Name', { exact: true }).fill('Payments');
  await page.getByLabel('Description').fill('Charges, refunds, payouts');
  await page.getByLabel('Group').selectOption('Core');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
  await expect(row(page, 'Payments')).toContainText('Charges, refunds, payouts');
  await expect(links(page)).toHaveText(['API', 'Payments']);
  await page.goto(organization.page);
  await expect(line(page, 'Payments')).toContainText('Charges, refunds, payouts');
});

test('editing a service changes it everywhere', async ({ page }) => {
  const organization = await atTheList(page);
  await page.getByRole('button', { name: 'More actions for API' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await expect(page).toHaveURL(/\/services\/[a-z0-9]{12}\/edit$/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('API');
  await page.getByLabel('Name', { exact: true }).fill('Public API');
  await page.getByRole('button', { name: 'Save service' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
  await expect(row(page, 'Public API')).toBeVisible();
  await expect(row(page, 'API')).toHaveCount(0);
  expect(await onThePage(page, organization.page)).toContain('Public API');
});

test('a refused service says why next to the field and keeps what was typed', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const organization = await atTheList(page);
  await page.getByRole('link', { name: 'New service', exact: true }).click();
  const name = page.getByLabel('Name', { exact: true });
  await name.fill(' api ');
  await page.getByLabel('Description').fill('A second one');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(name).toHaveAccessibleDescription(/already/);
  await expect(name).toHaveValue(' api ');
  await expect(page.getByLabel('Description')).toHaveValue('A second one');
  await name.fill('API 2');
  await page.getByRole('button', { name: 'Create service' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
  await expect(row(page, 'API 2')).toContainText('A second one');
});

test('deleting names what is lost, asks, and can be undone', async ({ page }) => {
  const organization = await atTheList(page);
  await setStatus(page, organization.slug, ['API'], 'partial_outage');
  await expect(chip(page, 'API', 'partial_outage')).toBeVisible();
  const remove = async () => {
    await page.getByRole('button', { name: 'More actions for API' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
  };
  const question = page.getByRole('alertdialog', { name: 'Delete API?' });

  await remove();
  await expect(question).toHaveAccessibleDescription(/status and history/);
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(row(page, 'API')).toBeVisible();

  await remove();
  await question.getByRole('button', { name: 'Delete service' }).click();
  await expect(toast(page, 'API deleted')).toBeVisible();
  await expect(row(page, 'API')).toHaveCount(0);
  expect(await onThePage(page, organization.page)).not.toContain('class="state partial_outage"');

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(chip(page, 'API', 'partial_outage')).toBeVisible();
  await expect(links(page)).toHaveText(NAMES);
  expect(await onThePage(page, organization.page)).toContain('class="state partial_outage"');
});

test('a status is set in two clicks, and can be taken back', { tag: '@phone' }, async ({ page }) => {
  const organization = await atTheList(page);
  await chip(page, 'API', 'operational').click();
  const menu = page.getByRole('menu', { name: /Status of API/ });
  await expect(menu.getByRole('menuitemradio')).toHaveText([
    /Operational/,
    /Degraded performance/,
    /Partial outage/,
    /Major outage/,
    /Under maintenance/,
  ]);
  await expect(menu.getByRole('menuitemradio', { name: 'Operational' })).toBeChecked();
  await menu.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(chip(page, 'API', 'major_outage')).toBeVisible();
  await expect(toast(page, 'API set to Major outage')).toBeVisible();
  expect(await onThePage(page, organization.page)).toContain('Partial System Outage');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(chip(page, 'API', 'operational')).toBeVisible();
});

test('who set a status stands in the history', async ({ page }) => {
  await atTheList(page);
  await chip(page, 'API').click();
  await page.getByRole('menuitemradio', { name: 'Degraded performance' }).click();
  await expect(chip(page, 'API', 'degraded_performance')).toBeVisible();
  await page.getByRole('link', { name: 'API', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'API' })).toBeVisible();
  const history = page.getByRole('table', { name: 'Status history' }).getByRole('row');
  await expect(history).toHaveCount(3);
  await expect(history.nth(1)).toContainText(/Degraded performance.*Ongoing.*Manual.*Ana Lindqvist/);
  await expect(history.nth(2)).toContainText('Operational');
  await expect(chip(page, 'API', 'degraded_performance')).toBeVisible();
});

test('a status is set by keys alone', async ({ page }) => {
  await atTheList(page);
  const menu = page.getByRole('menu');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await expect(menu).toHaveAccessibleName(/Status of Website/);
  await expect(menu.getByRole('menuitemradio', { name: 'Operational' })).toBeFocused();
  await page.keyboard.press('3');
  await expect(chip(page, 'Website', 'partial_outage')).toBeVisible();

  await page.keyboard.press('k');
  await page.keyboard.press('s');
  await expect(menu).toHaveAccessibleName(/Status of API/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(chip(page, 'API', 'degraded_performance')).toBeVisible();

  await page.keyboard.press('s');
  await expect(menu).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(chip(page, 'API')).toBeFocused();
});

test('rows are opened, edited and added by keys', async ({ page }) => {
  const organization = await atTheList(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/services\/[a-z0-9]{12}$/);
  await expect(page.getByRole('heading', { name: 'API' })).toBeVisible();
  await page.keyboard.press('e');
  await expect(page).toHaveURL(/\/edit$/);
  await page.goBack();
  await page.goBack();
  await expect(row(page, 'API')).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('e');
  await expect(page).toHaveURL(/\/edit$/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('API');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(row(page, 'API')).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(`${organization.dashboard}/services/new`);
  // Typed, not taken for shortcuts.
  await page.getByLabel('Name', { exact: true }).fill('');
  await page.getByLabel('Name', { exact: true }).pressSequentially('jskenx/?');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('jskenx/?');
});

test('open incidents stand above the list, and a key leads to the message', { tag: '@phone' }, async ({ page }) => {
  const { slug, dashboard } = await atTheList(page);
  const { API } = await services(page, slug);
  const strip = page.getByRole('region', { name: 'Active incidents' });
  const live = page.locator('[data-live]').locator('visible=true');
  await expect(live).toHaveText('Live');
  await expect(strip).toHaveCount(0);
  const report = async (title: string, status: string) => {
    const input = { title, body: 'We look.', services: [{ service_id: API, status }] };
    return call<string>(page, 'report_incident', { data: { organization: slug, input } });
  };
  const update = async (id: string, status: string) => {
    const input = { status, body: `Now ${status}.`, services: [] };
    await call(page, 'post_incident_update', { data: { organization: slug, id, input } });
  };

  const older = await report('Payments fail', 'major_outage');
  await expect(strip.getByRole('listitem')).toHaveText([/Payments fail.*Investigating · 1 min/]);
  await update(older, 'identified');
  await expect(strip).toContainText('Identified');
  const latest = await report(`Errors ${'x'.repeat(80)}`, 'partial_outage');
  await expect(strip.getByRole('listitem')).toHaveCount(2);
  await expect(strip.getByRole('link', { name: 'Payments fail', exact: true })).toHaveAttribute(
    'href',
    `${dashboard}/incidents/${older}`,
  );
  await axe(page);
  await fitsTheScreen(page);

  await page.keyboard.press('u');
  await expect(page).toHaveURL(new RegExp(`/incidents/${latest}\\?do=update$`));
  await expect(page.getByLabel('Message', { exact: true })).toBeFocused();
  await page.keyboard.type('Half of them are back.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('Half of them are back.').first()).toBeVisible();

  await open(page, `${dashboard}/services`);
  await strip.getByRole('link', { name: 'Post update: Payments fail' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Payments fail');
  await expect(page.getByLabel('Message', { exact: true })).toBeFocused();
  await open(page, `${dashboard}/services`);
  await expect(strip.getByRole('listitem')).toHaveCount(2);
  await expect(live).toHaveText('Live');
  await update(older, 'resolved');
  await expect(strip.getByRole('listitem')).toHaveCount(1);
  await update(latest, 'resolved');
  await expect(strip).toHaveCount(0);
});

test('several services get a status at once', async ({ page }) => {
  const organization = await atTheList(page);
  await page.getByRole('checkbox', { name: 'Select API' }).check();
  await page.keyboard.press('Escape');
  await page.getByRole('checkbox', { name: 'Select API' }).check();
  await page.getByRole('checkbox', { name: 'Select Search' }).check();
  const bar = page.getByRole('group', { name: 'Selected services' });
  await expect(bar).toContainText('2 selected');
  await bar.getByRole('button', { name: 'Set status of selected services' }).click();
  await page.getByRole('menuitem', { name: 'Major outage' }).click();
  await expect(toast(page, '2 services set to Major outage')).toBeVisible();
  await expect(chip(page, 'API', 'major_outage')).toBeVisible();
  await expect(chip(page, 'Search', 'major_outage')).toBeVisible();
  await expect(chip(page, 'Website', 'operational')).toBeVisible();
  await expect(bar).toBeHidden();
  expect(await onThePage(page, organization.page)).toContain('2 of 4 services affected');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(chip(page, 'API', 'operational')).toBeVisible();
  await expect(chip(page, 'Search', 'operational')).toBeVisible();
});

test('services are put in order by keys, and the focus stays on what moves', async ({ page }) => {
  const organization = await atTheList(page);
  const handle = page.getByRole('button', { name: 'Move API with the arrow keys' });
  await handle.focus();
  await page.keyboard.press('ArrowDown');
  await expect(links(page)).toHaveText(['Website', 'API', 'Search', 'Mail']);
  await expect(announced(page)).toHaveText('API moved down');
  await expect(handle).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(links(page)).toHaveText(['Website', 'Search', 'API', 'Mail']);
  await expect(handle).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(links(page)).toHaveText(['Website', 'API', 'Search', 'Mail']);

  const first = page.getByRole('button', { name: 'Move Website with the arrow keys' });
  await first.focus();
  await page.keyboard.press('ArrowUp');
  await expect(announced(page)).toHaveText('Website is already first');

  const more = page.getByRole('button', { name: 'More actions for Mail' });
  await more.click();
  await page.getByRole('menuitem', { name: 'Move up' }).click();
  await expect(links(page)).toHaveText(['Website', 'API', 'Mail', 'Search']);
  await expect(more).toBeFocused();
  await page.goto(organization.page);
  await expect(page.getByRole('listitem')).toHaveText([/Website/, /API/, /Mail/, /Search/]);
});

test('services and groups are put in order by dragging', async ({ page }) => {
  const organization = await atTheList(page, { Core: ['API', 'Website'], Data: ['Search'], '': ['Mail'] });
  const handle = (name: string) => page.getByRole('button', { name: `Move ${name} with the arrow keys` });
  await handle('Website').dragTo(row(page, 'API'));
  await expect(links(page)).toHaveText(['Website', 'API', 'Search', 'Mail']);
  await handle('Mail').dragTo(row(page, 'Search'));
  await expect(links(page)).toHaveText(['Website', 'API', 'Mail', 'Search']);
  await handle('Data').dragTo(page.getByRole('row', { name: /^(Move Core with the arrow keys )?Core/ }));
  await expect(links(page)).toHaveText(['Mail', 'Search', 'Website', 'API']);
  await page.goto(organization.page);
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Data', 'Core', 'Past 15 days']);
  await expect(page.getByRole('listitem')).toHaveText([/Mail/, /Search/, /Website/, /API/]);
});

test('groups are added, renamed and deleted; their services stay', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const organization = await atTheList(page, { Core: ['API', 'Website'] });
  await page.getByRole('button', { name: 'New group', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'New group' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await dialog.getByLabel('Name').fill('core');
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(dialog.getByLabel('Name')).toHaveAccessibleDescription(/already/);
  await dialog.getByLabel('Name').fill('Data');
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('No services in Data yet.')).toBeVisible();

  await page.getByRole('button', { name: 'More actions for group Core' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const rename = page.getByRole('dialog', { name: 'Rename group' });
  await expect(rename.getByLabel('Name')).toHaveValue('Core');
  await rename.getByLabel('Name').fill('Core platform');
  await rename.getByRole('button', { name: 'Save group' }).click();
  await expect(page.getByRole('rowheader', { name: /^Core platform/ })).toBeVisible();

  await page.getByRole('button', { name: 'More actions for group Core platform' }).click();
  await page.getByRole('menuitem', { name: 'Delete group' }).click();
  const question = page.getByRole('alertdialog', { name: 'Delete group “Core platform”?' });
  await expect(question).toHaveAccessibleDescription(/Its 2 services are kept/);
  await question.getByRole('button', { name: 'Delete group' }).click();
  await expect(page.getByRole('rowheader', { name: /^Core platform/ })).toHaveCount(0);
  await expect(row(page, 'API')).toBeVisible();
  await expect(row(page, 'Website')).toBeVisible();
  await page.goto(organization.page);
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Data', 'Past 15 days']);
  await expect(line(page, 'Website')).toBeVisible();
});

test('the list is filtered by words and by status', async ({ page }) => {
  const organization = await atTheList(page, { Core: ['API', 'Website'], '': ['Mail'] });
  await setStatus(page, organization.slug, ['Mail'], 'partial_outage');
  const filter = page.getByRole('searchbox', { name: 'Filter services' });
  await page.keyboard.press('/');
  await expect(filter).toBeFocused();
  await expect(filter).toHaveValue('');
  await page.keyboard.type('WEB');
  await expect(links(page)).toHaveText(['Website']);
  // Places mean nothing while rows are hidden.
  await expect(page.getByRole('button', { name: 'Move Website with the arrow keys' })).toBeDisabled();

  await page.keyboard.type('zzz');
  await expect(page.getByRole('heading', { name: 'No matching services' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(links(page)).toHaveText(['API', 'Website', 'Mail']);
  await expect(filter).toHaveValue('');

  await page.getByRole('button', { name: 'Status: any' }).click();
  await page.getByRole('menuitemradio', { name: 'Partial outage' }).click();
  await expect(links(page)).toHaveText(['Mail']);
  await page.getByRole('button', { name: 'Status: Partial outage' }).click();
  await page.getByRole('menuitemradio', { name: 'Any status' }).click();
  await expect(links(page)).toHaveText(['API', 'Website', 'Mail']);
});

test('the list is filtered by team', async ({ page }) => {
  const organization = await atTheList(page, { Core: ['API', 'Website'], '': ['Mail'] });
  await expect(page.getByRole('button', { name: 'Status: any' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Team: any' })).toHaveCount(0);
  const team = await call<string>(page, 'create_team', { data: { organization: organization.slug, name: 'Platform' } });
  const { Mail } = await services(page, organization.slug);
  await call(page, 'update_service', {
    form: { organization: organization.slug, id: Mail, 'input[name]': 'Mail', 'input[team_id]': team },
  });
  await open(page, `${organization.dashboard}/services`);

  await page.getByRole('button', { name: 'Team: any' }).click();
  await expect(page.getByRole('menuitemradio')).toHaveText(['Any team', 'Platform', 'No team']);
  await page.getByRole('menuitemradio', { name: 'Platform' }).click();
  await expect(links(page)).toHaveText(['Mail']);
  await expect(page.getByRole('rowheader', { name: /^Core/ })).toHaveCount(0);
  // Places mean nothing while rows are hidden.
  await expect(page.getByRole('button', { name: 'Move Mail with the arrow keys' })).toBeDisabled();

  await page.getByRole('button', { name: 'Team: Platform' }).click();
  await page.getByRole('menuitemradio', { name: 'No team' }).click();
  await expect(links(page)).toHaveText(['API', 'Website']);
  await expect(page.getByRole('rowheader', { name: /^Core/ })).toBeVisible();

  // Words, status and team have to fit all at once.
  await page.getByRole('button', { name: 'Status: any' }).click();
  await page.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(page.getByRole('heading', { name: 'No matching services' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(links(page)).toHaveText(['API', 'Website', 'Mail']);
  await expect(page.getByRole('button', { name: 'Team: any' })).toBeVisible();
});

test('renamed statuses are read in the dashboard and on the page', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const organization = await atTheList(page, ['API', 'Mail']);
  await setStatus(page, organization.slug, ['Mail'], 'partial_outage');
  await open(page, `${organization.dashboard}/settings`);
  const names = page.getByRole('group', { name: 'Status names' });
  const field = (status: string) => names.getByLabel(status, { exact: true });
  const save = page.getByRole('button', { name: 'Save settings' });

  await field('Operational').fill('Available');
  await field('Partial outage').fill('available');
  await save.click();
  await expect(field('Partial outage')).toHaveAttribute('aria-invalid', 'true');
  await expect(field('Partial outage')).toHaveAccessibleDescription(/already/);
  await expect(field('Partial outage')).toHaveValue('available');
  await expect(field('Operational')).toHaveValue('Available');
  await field('Partial outage').fill('Some trouble');
  await save.click();
  await expect(toast(page, 'Settings saved')).toBeVisible();
  await expect(field('Partial outage')).not.toHaveAttribute('aria-invalid', 'true');

  await open(page, `${organization.dashboard}/services`);
  await page.getByRole('button', { name: 'Status of Mail: Some trouble' }).click();
  await expect(page.getByRole('menuitemradio')).toHaveText([
    /Available/,
    /Degraded performance/,
    /Some trouble/,
    /Major outage/,
    /Under maintenance/,
  ]);
  await page.getByRole('menuitemradio', { name: 'Available' }).click();
  await expect(toast(page, 'Mail set to Available')).toBeVisible();
  await page.getByRole('button', { name: 'Status: any' }).click();
  await page.getByRole('menuitemradio', { name: 'Some trouble' }).click();
  await expect(page.getByRole('heading', { name: 'No matching services' })).toBeVisible();

  await setStatus(page, organization.slug, ['API'], 'partial_outage');
  await page.goto(organization.page);
  await expect(line(page, 'API')).toContainText('Some trouble');
  await expect(line(page, 'Mail')).toContainText('Available');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Minor Service Outage');
});

test('the overview counts and names what is affected', async ({ page }) => {
  const organization = await atTheList(page);
  await setStatus(page, organization.slug, ['API', 'Mail'], 'partial_outage');
  await page.getByRole('link', { name: 'Overview' }).locator('visible=true').click();
  await expect(page.getByText('Minor Service Outage')).toBeVisible();
  const fact = (name: string) => page.locator('dl div').filter({ hasText: name }).getByRole('definition');
  await expect(fact('Services')).toHaveText('4');
  await expect(fact('Affected')).toHaveText('2');
  await expect(page.getByText('Operational → Partial outage')).toHaveCount(2);
  await page.getByRole('link', { name: 'API' }).first().click();
  await expect(page.getByRole('heading', { name: 'API' })).toBeVisible();
});

test('what belongs to another organization does not exist', async ({ page, newBrowser, allowErrors }) => {
  allowErrors(/status of 404/);
  const organization = await atTheList(page);
  const stranger = await newBrowser();
  await signUp(stranger);
  await createOrganization(stranger);
  const answer = await stranger.goto(`${organization.dashboard}/services`);
  expect(answer?.status()).toBe(404);
  await expect(stranger.getByRole('heading', { name: /does not exist/ })).toBeVisible();
  await expect(stranger.getByText('API', { exact: true })).toHaveCount(0);
});

test('a session that has ended says so where one was, and leads back', async ({ page, allowErrors }) => {
  allowErrors(/status of 401/);
  const organization = await atTheList(page);
  await page.context().clearCookies();
  await chip(page, 'API').click();
  await page.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(page.getByRole('status').getByText('You’re signed out.', { exact: false })).toBeVisible();
  await page.getByRole('link', { name: 'Overview' }).locator('visible=true').click();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`/sign-in?next=${organization.dashboard}`);
});
