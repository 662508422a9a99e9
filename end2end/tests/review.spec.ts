import { expect, generate, finished, heading, test, withScript } from './dalla';

// What other journeys left waiting would come first.
test.beforeEach(async ({ request }) => {
  const waiting: { id: string }[] = await (await request.get('/api/content?state=in_review&limit=500')).json();
  for (const { id } of waiting) expect((await request.post(`/api/content/${id}/withdraw`)).ok()).toBe(true);
});

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
    // Keys are heard once the script of the page is there.
    const press = async (key: string) => { await page.waitForLoadState(); await page.keyboard.press(key); };
    await press('j');
    await expect(page.getByText('2 of 3 · Cortex')).toBeVisible();
    await press('k');
    await expect(page.getByText('1 of 3 · Cortex')).toBeVisible();
    await press('e');
    await expect(page.getByLabel('Caption', { exact: true })).toBeFocused();
    await press('Escape');
    await page.locator('h1').click();
    await press('a');
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

test('on a phone the deeds stay under the thumb', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await generate(page, `decided by thumb, ${withScript() ? 'with' : 'without'} script`);
  await finished(page);
  await page.getByRole('button', { name: 'Send to review' }).click();
  await expect(page.getByText('It waits for review.')).toBeVisible();
  await page.goto('/review');
  for (const place of [0, 600, 99_999]) {
    await page.evaluate((top) => scrollTo(0, top), place);
    for (const name of ['Approve', 'Reject', 'Again']) await expect(page.getByRole('button', { name }), `${name} at ${place}`).toBeInViewport({ ratio: 1 });
  }
  await page.getByLabel('Why not').fill('too dark');
  await page.getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByText('Rejected.')).toBeVisible();
  await expect(page.getByText('Nothing waits')).toBeVisible();
});

test('another one comes back to review by itself', async ({ page }) => {
  await generate(page, `another, ${withScript() ? 'with' : 'without'} script`);
  await finished(page);
  await page.getByRole('button', { name: 'Send to review' }).click();
  await expect(page.getByText('It waits for review.')).toBeVisible();
  await page.goto('/review');
  if (withScript()) await page.keyboard.press('g');
  else await page.getByRole('button', { name: 'Again' }).click();
  await expect(page.getByText('Another one is being made')).toBeVisible();
  const back = page.getByText('1 of 1 · Cortex');
  if (withScript()) await expect(back).toBeVisible({ timeout: 30_000 });
  else await expect.poll(async () => { await page.reload(); return back.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByText('Nothing waits')).toBeVisible();
});
