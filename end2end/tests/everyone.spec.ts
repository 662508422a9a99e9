import AxeBuilder from '@axe-core/playwright';
import { create, expect, finished, generate, test, withScript } from './dalla';

const pages = ['/', '/characters', '/characters/new', '/studio', '/content', '/models'];

test('every page fits a phone, and the menu opens', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  const path = await create(page, 'A name that is rather long for a small phone, and goes on for a while');
  for (const address of [...pages, path, `${path}/voice`, `${path}/look`, `${path}/story`, `${path}/accounts`, `${path}/delete`]) {
    await page.goto(address);
    const image = await page.screenshot({ fullPage: true });
    // The width of a PNG stands at its sixteenth byte: a page that scrolls sideways is wider than the screen.
    expect(image.readUInt32BE(16), address).toBe(360);
  }
  await page.getByText('Menu').click();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Studio' })).toBeVisible();
});

test('nobody is kept out: axe finds nothing serious', async ({ page }) => {
  test.skip(!withScript(), 'axe is a script itself');
  test.setTimeout(120_000);
  const path = await create(page, 'Axe');
  await generate(page, 'for everyone');
  await finished(page);
  const job = new URL(page.url()).pathname + new URL(page.url()).search;
  await page.getByRole('link', { name: 'How it was made' }).click();
  const content = new URL(page.url()).pathname;
  const all = [...pages, path, `${path}/voice`, `${path}/look`, `${path}/story?new=1`, `${path}/accounts`, `${path}/delete`, job, content, `${content}/delete`];
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const address of all) {
      await page.goto(address);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter((found) => found.impact === 'serious' || found.impact === 'critical');
      expect(serious.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join('\n')}`), `${address} ${scheme}`).toEqual([]);
    }
  }
});

test('the keyboard goes everywhere', async ({ page }) => {
  await page.goto('/models');
  await page.keyboard.press('Tab');
  await expect(page.getByText('Skip to content')).toBeFocused();
  test.skip(!withScript(), 'the rest is comfort of the script');
  await page.locator('main').click();
  await page.keyboard.press('?');
  await expect(page.locator('#keys')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.locator('#palette input').fill('studio');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/studio/);
});
