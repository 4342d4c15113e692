import { addServices, createOrganization, expect, line, setStatus, signUp, test } from '../fixtures/test';

test('readers keep the last good page while none is made', { tag: '@once' }, async ({ page, newBrowser, candor }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API', 'Website']);
  const rendering = async (panics: boolean) => {
    const how = `organization=${organization.slug}&panics=${panics}`;
    const answer = await fetch(`${candor.url}/test/panic?${how}`, { method: 'POST' });
    expect(answer.status, 'the server is built with the feature movable-clock').toBe(200);
  };
  const visitor = await newBrowser();
  await visitor.goto(organization.page);
  await expect(visitor.getByRole('status')).toHaveText('Live');
  const made = visitor.getByRole('contentinfo').locator('time');
  const before = await made.getAttribute('datetime');
  expect(before).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  await rendering(true);
  try {
    await setStatus(page, organization.slug, ['API'], 'major_outage');
    await visitor.reload();
    await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('All Systems Operational');
    await expect(line(visitor, 'API')).toContainText('Operational');
    await expect(made, 'it says how old it is').toHaveAttribute('datetime', before!);
    await expect(visitor.getByRole('status')).toHaveText('Live');
  } finally {
    await rendering(false);
  }

  // Nobody has to do anything for the truth to arrive.
  await expect(line(visitor, 'API')).toContainText('Major outage');
  await setStatus(page, organization.slug, ['Website'], 'partial_outage');
  await expect(line(visitor, 'Website')).toContainText('Partial outage');
});
