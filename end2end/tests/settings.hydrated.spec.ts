import { addServices, chip, createOrganization, expect, line, open, row, signUp, test } from '../fixtures/test';

test('a former address goes on leading to the organization, to the same screen', async ({ page, newBrowser }) => {
  await signUp(page);
  const before = await createOrganization(page);
  const ids = await addServices(page, before, ['API']);
  const slug = `${before.slug}-anew`;
  const dashboard = `/dashboard/${slug}`;
  // Somebody works at the old address meanwhile.
  const colleague = await newBrowser();
  await colleague.context().addCookies(await page.context().cookies());
  await open(colleague, `${before.dashboard}/services`);
  await expect(colleague.locator('[data-live]').locator('visible=true')).toHaveText('Live');
  let loads = 0;
  colleague.on('load', () => loads++);

  await open(page, `${before.dashboard}/settings`);
  await page.getByLabel('Page URL').fill(slug);
  await page.getByRole('button', { name: 'Save settings' }).click();
  await expect(page).toHaveURL(`${dashboard}/settings`);
  await expect(page.getByRole('status').getByText('Settings saved')).toBeVisible();
  await expect(page.getByLabel('Page URL')).toHaveValue(slug);

  await test.step('an open screen moves by itself', async () => {
    await expect(colleague).toHaveURL(`${dashboard}/services`);
    await expect(row(colleague, 'API')).toBeVisible();
    expect(loads).toBe(0);
    await expect(colleague.locator('[data-live]').locator('visible=true')).toHaveText('Live');
    await chip(colleague, 'API', 'operational').click();
    await colleague.getByRole('menuitemradio', { name: 'Partial outage' }).click();
    await expect(chip(colleague, 'API', 'partial_outage')).toBeVisible();
  });

  for (const [screen, heading] of [
    ['', 'Overview'],
    ['/services', 'Services'],
    [`/services/${ids.API}`, 'API'],
    ['/team', 'Team'],
    ['/settings/tokens', 'API tokens'],
  ] as const) {
    await test.step(`the old address of ${heading}`, async () => {
      await open(page, before.dashboard + screen);
      await expect(page).toHaveURL(dashboard + screen);
      await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
      const link = page.getByRole('navigation', { name: 'Organization' }).getByRole('link', { name: 'Services' });
      await expect(link.locator('visible=true')).toHaveAttribute('href', `${dashboard}/services`);
    });
  }

  await test.step('without a script', async () => {
    const plain = await newBrowser({ javaScriptEnabled: false });
    await plain.context().addCookies(await page.context().cookies());
    await plain.goto(`${before.dashboard}/services`);
    await expect(plain).toHaveURL(`${dashboard}/services`);
    await expect(row(plain, 'API')).toBeVisible();
  });

  await page.goto(before.page);
  await expect(page).toHaveURL(`/status/${slug}`);
  await expect(line(page, 'API')).toContainText('Partial outage');
});

test('a former address cannot be taken by somebody else, and its organization can take it back', async ({
  page,
  newBrowser,
  allowErrors,
}) => {
  allowErrors(/status of 422/);
  await signUp(page);
  const organization = await createOrganization(page);
  const change = async (slug: string) => {
    await page.getByLabel('Page URL').fill(slug);
    await page.getByRole('button', { name: 'Save settings' }).click();
    await expect(page).toHaveURL(`/dashboard/${slug}/settings`);
  };
  await open(page, `${organization.dashboard}/settings`);
  await change(`${organization.slug}-anew`);

  const other = await newBrowser();
  await signUp(other);
  const { dashboard } = await createOrganization(other);
  await open(other, `${dashboard}/settings`);
  const address = other.getByLabel('Page URL');
  await address.fill(organization.slug);
  await other.getByRole('button', { name: 'Save settings' }).click();
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await expect(address).toHaveAccessibleDescription(/taken/);
  await expect(address).toHaveValue(organization.slug);

  await change(organization.slug);
  await page.goto(`/status/${organization.slug}-anew`);
  await expect(page).toHaveURL(organization.page);
});
