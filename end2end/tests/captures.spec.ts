import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATUSES, type Status, expect, fitsTheScreen, test, unique } from '../fixtures/test';

interface Component {
  id: string;
  name: string;
  status: Status;
  group: boolean;
  group_id: string | null;
  position: number;
}

const file = process.env.CANDOR_CAPTURES
  ? join(process.env.CANDOR_CAPTURES, 'statuspage/cloudflare/summary_2025-05-07_4-incidents.json')
  : '';

test('a big page of the real world is readable without a script', async ({ page, candor }) => {
  const there = file !== '' && existsSync(file);
  if (!there) {
    console.warn(`SKIPPED: ${file || 'CANDOR_CAPTURES names no folder of captures'}`);
  }
  test.skip(!there, 'CANDOR_CAPTURES names no folder with the capture');
  const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components: Component[] };
  const slug = unique('cloudflare');
  await candor.command('import', 'statuspage', file, '--organization', slug);

  const answer = await page.goto(`/status/${slug}`);
  expect(Number((await answer?.request().sizes())?.responseBodySize), 'compressed').toBeLessThan(100 * 1024);
  const byPosition = (a: Component, b: Component) => a.position - b.position;
  const groups = components.filter((component) => component.group).sort(byPosition);
  const loose = components.filter((component) => !component.group && !component.group_id);
  expect(await page.locator('details h2').allInnerTexts()).toEqual(groups.map((group) => group.name.trim()));
  await expect(page.getByRole('listitem').or(page.locator('details:not([open]) li'))).toHaveCount(
    components.length - groups.length,
  );
  for (const group of groups) {
    const inside = components.filter((component) => component.group_id === group.id).sort(byPosition);
    const box = page.locator('details').filter({ has: page.getByRole('heading', { name: group.name.trim(), exact: true }) });
    if (!(await box.evaluate((details) => (details as HTMLDetailsElement).open))) {
      await box.locator('summary').click();
    }
    const rows = await box.getByRole('listitem').evaluateAll((items) =>
      items.map((item) => [item.querySelector('.name')?.firstChild?.textContent?.trim(), item.querySelector('.state')?.textContent?.trim()]),
    );
    expect(rows).toEqual(inside.map((component) => [component.name.trim(), STATUSES[component.status]]));
  }
  for (const component of loose) {
    await expect(page.locator('section.group').getByText(component.name.trim(), { exact: true })).toBeVisible();
  }
  await fitsTheScreen(page);
});
