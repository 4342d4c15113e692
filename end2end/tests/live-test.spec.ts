import { addServices, axe, createOrganization, expect, fitsTheScreen, setStatus, signUp, test } from '../fixtures/test';

test('it shows the connection, the delay and what arrives', async ({ page, newBrowser, javaScriptEnabled }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  await addServices(page, organization, ['API']);
  const visitor = await newBrowser();
  const answer = await visitor.goto(`${organization.page}/live-test`);
  expect(answer?.status()).toBe(200);
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Live connection');
  await fitsTheScreen(visitor);
  if (javaScriptEnabled === false) {
    const words = visitor.locator('noscript p');
    await expect(words).toBeVisible();
    await expect(words).toContainText('JavaScript is turned off in this browser');
    await expect(visitor.getByRole('button')).toHaveCount(0);
    return;
  }
  const row = (name: string) => visitor.getByRole('row', { name: new RegExp(`^${name}`) });
  const messages = visitor.getByRole('table', { name: 'Messages' }).locator('tbody tr');
  await expect(visitor.getByRole('status')).toHaveText('Live');
  await expect(row('Connection')).toContainText('Live');
  await expect(row('Transport')).toContainText('WebSocket');
  await expect(row('Round trip')).toContainText(/\d ms, median of the last \d+: [\d.]+ ms/);
  // That it is connected, and that it listens.
  await expect(messages).toHaveCount(2);
  await expect(messages.first()).toContainText('subscribed');

  await setStatus(page, organization.slug, ['API'], 'major_outage');
  await expect(messages).toHaveCount(4);
  await expect(messages.first()).toContainText('status_update');
  await expect(messages.nth(1)).toContainText('major_outage');
  await fitsTheScreen(visitor);
  await axe(visitor);

  await visitor.getByRole('button', { name: 'Clear messages' }).click();
  await expect(visitor.getByText('No messages yet.')).toBeVisible();
  await visitor.getByRole('button', { name: 'Reconnect' }).click();
  await expect(row('Reconnects')).toContainText('1');
  await expect(messages.first()).toContainText('"resumed":true');
  await expect(visitor.getByRole('status')).toHaveText('Live');
});
