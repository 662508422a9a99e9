import AxeBuilder from '@axe-core/playwright';
import { create, expect, generate, finished, heading, here, picture, places, tabs, test, withScript } from './dalla';

test('every page has one heading and a title, and fits a phone', async ({ page }) => {
  test.setTimeout(60_000);
  const path = await create(page, `A name that is rather long for a small phone and ends in ${'W'.repeat(20)}`);
  const content = await picture(page, `a prompt with a word without end: ${'w'.repeat(120)}`);
  for (const address of [...places, ...tabs(path), `${path}/story?new=1`, `${path}/delete`, content, `${content}/delete`, '/content?q=no-such-words']) {
    await page.setViewportSize({ width: 390, height: 844 });
    const answer = await page.goto(address);
    expect(answer!.status(), address).toBe(200);
    expect(answer!.headers()['content-security-policy'], address).toContain("default-src 'self'");
    await expect.soft(heading(page), address).toHaveCount(1);
    await expect.soft(page, address).toHaveTitle(/.+ · Digital Dalla$/);
    for (const width of [390, 360]) {
      await page.setViewportSize({ width, height: 844 });
      const beyond = await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth);
      expect.soft(beyond, `${address} is wider than a screen of ${width}`).toBeLessThanOrEqual(0);
    }
  }
});

test('the menu of a phone opens and leads on', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/models');
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Studio' });
  await expect(link).not.toBeInViewport();
  await page.getByText('Menu').click();
  await expect(link).toBeInViewport();
  await link.click();
  await expect(heading(page)).toHaveText('Studio');
  await expect(link).not.toBeInViewport();
});

test('the menu of a phone opens by keyboard', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/models');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('checkbox', { name: 'Menu' })).toBeFocused();
  await page.keyboard.press('Space');
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Studio' })).toBeInViewport();
});

test('nobody is kept out: axe finds nothing serious', async ({ page, context, baseURL }) => {
  test.skip(!withScript(), 'axe is a script itself');
  test.setTimeout(240_000);
  const path = await create(page, 'Axe');
  await generate(page, 'for everyone');
  await finished(page);
  const job = here(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await page.waitForURL(/\/content\//);
  const content = here(page);
  await page.getByRole('button', { name: 'Send to review' }).click();
  // Nothing that is fading in: its colours are not the ones that stay.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const all = [...places, ...tabs(path), `${path}/story?new=1`, `${path}/delete`, job, content, `${content}/delete`];
  await context.addCookies([{ name: 'theme', value: 'light', url: baseURL! }]);
  for (const address of all) {
    await page.goto(address);
    for (const theme of ['light', 'dark']) {
      // In the dark nothing differs but the colours.
      if (theme === 'dark') await page.locator('html').evaluate((root) => root.setAttribute('data-theme', 'dark'));
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
      // The colours are those of the theme once a frame has been painted with it.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const axe = new AxeBuilder({ page });
      const { violations } = await (theme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze();
      const serious = violations.filter((found) => found.impact === 'serious' || found.impact === 'critical');
      expect.soft(serious.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join('\n')}`), `${address} ${theme}`).toEqual([]);
    }
  }
  // What waits is for the tests of review.
  await page.goto(content);
  await page.getByRole('button', { name: 'Approve' }).click();
});

test('the keyboard goes everywhere', async ({ page }) => {
  await page.goto('/models');
  await page.keyboard.press('Tab');
  await expect(page.getByText('Skip to content')).toBeFocused();
  await expect(page.getByText('Skip to content')).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
  await expect(page.locator('main')).toBeFocused();
  if (!withScript()) return; // the rest is comfort of the script
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await page.locator('#palette input').fill('studio');
  await expect(page.getByRole('option', { name: 'Studio' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/studio/);
  await expect(heading(page)).toHaveText('Studio');
});
