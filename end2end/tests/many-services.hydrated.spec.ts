import { writeFile } from 'node:fs/promises';
import { chip, createOrganization, expect, line, open, row, signUp, test } from '../fixtures/test';

/** Generous: this asks whether it can be used at all, on a small machine and in a debug build. */
const LIMIT = { timeout: 60_000 };

test('a thousand services can be found, filtered and set', async ({ page, candor, newBrowser }) => {
  test.setTimeout(240_000);
  const groups = Array.from({ length: 20 }, (_, index) => ({ id: `g${index}`, name: `Region ${index}`, group: true }));
  const services = Array.from({ length: 1_000 }, (_, index) => ({
    id: `s${index}`,
    name: `Edge ${String(index).padStart(4, '0')}`,
    status: index === 500 ? 'partial_outage' : 'operational',
    position: index,
    group_id: `g${index % 20}`,
    group: false,
  }));
  await signUp(page);
  const organization = await createOrganization(page);
  const file = `${candor.folder}/${organization.slug}.json`;
  await writeFile(file, JSON.stringify({ page: { name: organization.name }, components: [...groups, ...services] }));
  const told = await candor.command('import', 'statuspage', file, '--organization', organization.slug);
  expect(told).toContain('1020 added, 0 updated');

  const visitor = await newBrowser();
  await visitor.goto(organization.page);
  // Most groups are closed, because all is well in them and the page is long.
  await expect(visitor.locator('main li')).toHaveCount(1_000);
  await expect(visitor.getByRole('listitem')).toHaveCount(50);
  await expect(line(visitor, 'Edge 0500')).toContainText('Partial outage');
  await expect(visitor.getByRole('status')).toHaveText('Live');

  await open(page, `${organization.dashboard}/services`);
  await expect(page.getByText('1000 services')).toBeVisible(LIMIT);
  await page.keyboard.press('/');
  await page.keyboard.type('0777');
  await expect(page.getByRole('table', { name: 'Services' }).getByRole('link')).toHaveText(['Edge 0777'], LIMIT);
  await chip(page, 'Edge 0777', 'operational').click();
  await page.getByRole('menuitemradio', { name: 'Major outage' }).click();
  await expect(chip(page, 'Edge 0777', 'major_outage')).toBeVisible(LIMIT);
  await expect(line(visitor, 'Edge 0777')).toContainText('Major outage', LIMIT);

  await page.getByRole('searchbox', { name: 'Filter services' }).fill('');
  await expect(row(page, 'Edge 0998')).toBeAttached(LIMIT);
  await page.getByRole('button', { name: 'Status: any' }).click();
  await page.getByRole('menuitemradio', { name: 'Partial outage' }).click();
  await expect(page.getByRole('table', { name: 'Services' }).getByRole('link')).toHaveText(['Edge 0500'], LIMIT);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused(LIMIT);
  await page.keyboard.type('0123');
  await expect(page.getByRole('option')).toHaveText([/Edge 0123/], LIMIT);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Edge 0123' })).toBeVisible(LIMIT);
});
