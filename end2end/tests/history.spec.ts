import { addServices, call, createOrganization, expect, signUp, test } from '../fixtures/test';

test('what has been: from the page to the history to an incident', async ({ page, allowErrors }) => {
  allowErrors(/status of 404/);
  await signUp(page);
  const organization = await createOrganization(page);
  const ids = await addServices(page, organization, ['API', 'Mail']);
  const input = {
    title: 'Payments fail',
    body: 'Cards are **refused**.',
    services: [{ service_id: ids.API, status: 'major_outage' }],
  };
  const data = { organization: organization.slug, input };
  const id = await call<string>(page, 'report_incident', { data });
  const update = { status: 'resolved', body: 'Cards work again.', services: [] };
  await call(page, 'post_incident_update', { data: { organization: organization.slug, id, input: update } });
  await page.context().clearCookies();

  await page.goto(organization.page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
  await expect(page.getByText('Cards work again.')).toBeVisible();
  await page.getByRole('link', { name: 'All incidents and maintenance' }).click();
  await expect(page).toHaveURL(/\/history$/);
  await page.getByRole('link', { name: 'Payments fail' }).click();
  await expect(page).toHaveURL(new RegExp(`/incidents/${id}$`));
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Payments fail');
  await expect(page.locator('strong', { hasText: 'refused' })).toBeVisible();
  await expect(page.getByText('Cards work again.')).toBeVisible();

  expect((await page.goto(`${organization.page}/history?month=2031-13`))?.status()).toBe(404);
  expect((await page.goto(`${organization.page}/incidents/aaaaaaaaaaaa`))?.status()).toBe(404);
});
