import { expect, generate, finished, heading, test, withScript } from './dalla';

test('pictures are decided about, by key or by button', async ({ page }) => {
  const name = withScript() ? 'with script' : 'without script';
  for (const which of ['first', 'second', 'third']) {
    await generate(page, `the ${which} one, ${name}`);
    await finished(page);
    await page.getByRole('button', { name: 'Send to review' }).click();
    await expect(page.getByText('It waits for review.')).toBeVisible();
  }
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Review/ }).click();
  await expect(heading(page)).toHaveText('Review');
  await expect(page.getByText('1 of 3 · Cortex')).toBeVisible();
  await expect(page.locator('.prompt-parts .request')).toHaveText(`the first one, ${name}`);
  await expect(page.locator('#previews')).toContainText('@cortex_notes');

  if (withScript()) {
    await page.keyboard.press('j');
    await expect(page.getByText('2 of 3 · Cortex')).toBeVisible();
    await page.keyboard.press('k');
    await expect(page.getByText('1 of 3 · Cortex')).toBeVisible();
    await page.keyboard.press('e');
    await expect(page.getByLabel('Caption', { exact: true })).toBeFocused();
    await page.keyboard.press('Escape');
    await page.locator('h1').click();
    await page.keyboard.press('a');
  } else {
    await page.getByRole('button', { name: /^Approve/ }).click();
  }
  await expect(page.getByText('Approved.')).toBeVisible();
  await expect(page.getByText('1 of 2 · Cortex')).toBeVisible();

  await page.getByLabel('Caption', { exact: true }).fill('Seen in review');
  await page.getByRole('button', { name: 'Save words' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(heading(page)).toHaveText('Review');

  await page.getByLabel('Why not').fill('the hands');
  await page.getByRole('button', { name: /^Reject/ }).click();
  await expect(page.getByText('Rejected.')).toBeVisible();
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByText('Nothing waits')).toBeVisible();
  await page.goto('/content?state=rejected');
  await page.locator('.pictures a').first().click();
  await expect(page.getByText('Rejected: the hands')).toBeVisible();
  await expect(page.getByText('before: (nothing)')).toBeVisible();
});
