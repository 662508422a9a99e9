import { expect, heading, picture, test, withScript } from './dalla';

test('before a picture goes out, that is asked', async ({ page, request }) => {
  const prompt = `posted ${withScript() ? 'with' : 'without'} script`;
  const there = await picture(page, prompt, 'Cortex');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approved.')).toBeVisible();
  await page.goto(there);
  const onX = page.locator('#publish .network', { has: page.getByRole('heading', { name: 'X', exact: true }) });
  const send = onX.getByRole('button', { name: 'Post to X' });
  if (withScript()) {
    // Still so after the page has brought itself up to date.
    const says = async (caption: string, words: string) => {
      expect((await request.patch(`/api${there}`, { data: { caption } })).ok()).toBe(true);
      await expect(onX.locator('summary')).toHaveText(words);
    };
    await says('long '.repeat(80), 'One thing stands in the way');
    await says('A lamp in the fog.', 'Ready to go out');
    await expect(onX.getByRole('checkbox')).toHaveCount(0);
    await send.click();
    const asked = page.getByRole('dialog');
    await expect(asked).toContainText('This picture of Cortex and its words go out now');
    await asked.getByRole('button', { name: 'Cancel' }).click();
    await expect(asked).toBeHidden();
    expect(new URL(page.url()).pathname).toBe(there);
    await send.click();
    await asked.getByRole('button', { name: 'Post to X' }).click();
  } else {
    // The browser insists on the box before it sends anything.
    await send.click();
    expect(new URL(page.url()).pathname).toBe(there);
    await onX.getByLabel('Yes: the picture and its words may go out').check();
    await send.click();
  }
  await page.waitForURL(/\/posts\//);
  await expect(heading(page)).toContainText('Cortex');
  await expect.poll(async () => { await page.reload(); return page.locator('.pill', { hasText: 'Published' }).count(); }).toBeGreaterThan(0);
});
