import AxeBuilder from '@axe-core/playwright';
import { expect, test, withScript } from './dalla';

test('the week, the clock and the zone are set once and hold everywhere', async ({ page }) => {
  await page.goto('/settings');
  const general = page.locator('#general');
  await general.getByLabel('Time zone').fill('Mars/Base');
  await general.getByRole('button', { name: 'Save' }).click();
  await expect(general.locator('.field .error')).toContainText('is not a time zone');
  await expect(general.getByLabel('Time zone')).toHaveValue('Mars/Base');
  await general.getByLabel('Time zone').fill('Asia/Tokyo');
  await general.getByLabel('Clock').selectOption('12');
  await general.getByLabel('Weeks begin with').selectOption('sunday');
  await general.getByRole('button', { name: 'Save' }).click();
  await expect(general.getByText(/^It is .* [ap]m in Asia\/Tokyo\.$/)).toBeVisible();
  await page.goto('/calendar?view=month&at=2026-11');
  await expect(page.locator('.calendar th').first()).toHaveText('Sun');
  await expect(page.getByText('In the time of Asia/Tokyo')).toBeVisible();
  await page.goto('/settings');
  await general.getByLabel('Time zone').fill('');
  await general.getByLabel('Clock').selectOption('24');
  await general.getByLabel('Weeks begin with').selectOption('monday');
  await general.getByRole('button', { name: 'Save' }).click();
  await expect(general.getByText(/Asia\/Tokyo/)).toHaveCount(0);
});

test('the theme of the installation gives way to a person’s own', async ({ page }) => {
  await page.goto('/settings');
  await page.locator('#general').getByLabel('Theme').selectOption('dark');
  await page.locator('#general').getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const nav = page.getByRole('navigation', { name: 'Main' });
  await nav.getByText('Light', { exact: true }).click();
  if (!withScript()) await nav.getByRole('button', { name: 'Set' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.goto('/settings');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.locator('#general').getByLabel('Theme').selectOption('system');
  await page.locator('#general').getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('#general').getByLabel('Theme')).toHaveValue('system');
});

test('a ComfyUI that does not answer is said so, and the old one comes back', async ({ page }) => {
  await page.goto('/settings#comfyui');
  const card = page.locator('#comfyui');
  await expect(card.getByText('Answers')).toBeVisible();
  await card.getByLabel('Addresses').fill('http://192.168.77.7:8188');
  await card.getByRole('button', { name: 'Save and test' }).click();
  await expect(card.locator('.field .error')).toContainText('only addresses of this machine');
  await card.getByLabel('Addresses').fill('http://127.0.0.1:9');
  await card.getByRole('button', { name: 'Save and test' }).click();
  await expect(card.getByText('No answer')).toBeVisible();
  await expect(card.getByText('Set here, and in force.')).toBeVisible();
  await card.getByLabel('Addresses').fill('');
  await card.getByRole('button', { name: 'Save and test' }).click();
  await expect(card.getByText('Answers')).toBeVisible();
  await card.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(page.locator('.toast')).toContainText('ComfyUI answers.');
});

test('caps, prices, keys and the public address have their places', async ({ page }) => {
  await page.goto('/settings');
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Posting safety' }).click();
  const posting = page.locator('#posting');
  await posting.getByLabel('X, a day').fill('lots');
  await posting.getByRole('button', { name: 'Save' }).click();
  await expect(posting.locator('.field .error')).toContainText('0 to 1000');
  await posting.getByLabel('X, a day').fill('3');
  await posting.getByRole('button', { name: 'Save' }).click();
  await expect(posting.getByLabel('X, a day')).toHaveValue('3');
  await posting.getByLabel('X, a day').fill('');
  await posting.getByRole('button', { name: 'Save' }).click();
  const keys = page.locator('#instagram');
  await expect(keys.getByText('Each character needs keys of its own.')).toBeVisible();
  await keys.getByLabel('Access token', { exact: true }).fill('IGAA-not-a-token-0123456789');
  await keys.getByRole('button', { name: 'Save and test' }).click();
  await expect(keys.getByText('Does not work')).toBeVisible();
  await expect(keys.getByLabel('Access token', { exact: true })).toHaveValue('');
  await keys.getByLabel('Forget the stored access token').check();
  await keys.getByRole('button', { name: 'Save and test' }).click();
  await expect(keys.getByText('Not set up')).toBeVisible();
  const open = page.locator('#public');
  await open.getByLabel('Public address').fill('http://example.org');
  await open.getByRole('button', { name: 'Save' }).click();
  await expect(open.locator('.field .error')).toContainText('https://');
  await expect(page.locator('#data')).toContainText('Records and journal');
});

for (const scheme of ['light', 'dark'] as const) {
  test(`the page has nothing axe complains about, in ${scheme}`, async ({ page }) => {
    test.skip(!withScript(), 'axe is a script itself');
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto('/settings');
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map((one) => [one.id, one.nodes.map((node) => node.target)])).toEqual([]);
    for (const width of [1280, 390, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(wide, `wider than ${width}`).toBe(false);
    }
  });
}
