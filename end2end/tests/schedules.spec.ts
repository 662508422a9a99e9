import type { Page } from '@playwright/test';
import { create, expect, heading, isDrawn, test, withScript } from './dalla';

/** Waits for something a worker brings: by itself with script, on reload without. */
async function arrives(page: Page, there: ReturnType<Page['locator']>) {
  if (withScript()) return expect(there).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return there.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

test('a schedule is written with its meaning beside it, run, paused and deleted', async ({ page }) => {
  const name = withScript() ? 'Vera' : 'Mara';
  const path = await create(page, name);
  await page.getByRole('link', { name: 'Schedule', exact: true }).click();
  await expect(page.getByText('Nothing happens by itself yet')).toBeVisible();
  await page.getByRole('link', { name: 'Make a schedule' }).click();
  await expect(heading(page)).toHaveText('New schedule');
  await expect(page.getByLabel('For whom')).toHaveValue(path.split('/').pop()!);

  // What is wrong is said by the field, and what was typed stays.
  await page.getByLabel('What', { exact: true }).selectOption({ label: 'Make pictures' });
  await page.getByLabel('When', { exact: true }).fill('0 25 * * *');
  await page.getByLabel('What happens in the picture').fill('letters on a table');
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.locator('.field.wrong')).toContainText('25 is not between 0 and 23');
  await expect(page.getByLabel('When', { exact: true })).toHaveValue('0 25 * * *');
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('letters on a table');
  await expect(page.getByText('Where it is posted')).toBeHidden();

  // The meaning stands there while it is typed, or on demand.
  await page.getByLabel('When', { exact: true }).fill('30 9 * * MON-FRI');
  await page.getByLabel('Time zone').fill('Asia/Tokyo');
  if (!withScript()) await page.getByRole('button', { name: 'Show when it runs' }).click();
  const meaning = page.locator('#schedule-preview');
  await expect(meaning).toContainText('On weekdays at 09:30');
  await expect(meaning).toContainText('In the time of Asia/Tokyo.');
  await expect(meaning.getByRole('listitem')).toHaveCount(5);
  if (withScript()) {
    await page.getByRole('button', { name: 'Every 6 hours' }).click();
    await expect(page.getByLabel('When', { exact: true })).toHaveValue('6h');
    await expect(meaning).toContainText('Every 6 hours');
    await page.getByLabel('When', { exact: true }).fill('30 9 * * MON-FRI');
  }
  await page.getByText('Model, size and style').click();
  await page.getByLabel('Steps').fill('4');
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.getByText('Schedule saved.')).toBeVisible();
  await expect(heading(page)).toHaveText('On weekdays at 09:30');
  await expect(page.getByText('It has not run yet.')).toBeVisible();

  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page.getByText('It runs.')).toBeVisible();
  const run = page.locator('#runs .run').first();
  await arrives(page, run.locator('.pill', { hasText: 'Done' }).first());
  await arrives(page, run.getByText('A person has to approve it.'));
  await expect(run.getByText('What the task says.')).toBeVisible();
  expect(await isDrawn(run.getByRole('img').first())).toBe(true);
  await run.getByRole('link').filter({ has: page.getByRole('img') }).first().click();
  await page.waitForURL(/\/content\//);
  await expect(page.getByText('In review').first()).toBeVisible();

  await page.goto(`${path}/schedule`);
  const row = page.locator('#own-schedules li', { hasText: 'On weekdays at 09:30' });
  await row.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('Paused. It does not run by itself')).toBeVisible();
  await expect(row.locator('.pill', { hasText: 'Paused' })).toBeVisible();
  await row.getByRole('button', { name: 'Resume' }).click();
  await expect(row.locator('.pill', { hasText: 'Active' })).toBeVisible();
  await row.getByRole('link').first().click();
  await page.getByRole('link', { name: 'Delete this schedule…' }).click();
  await page.getByRole('button', { name: 'Delete schedule' }).click();
  await expect(page.getByText('The schedule is deleted.')).toBeVisible();
});

test('a schedule that posts waits for review, and all of them are run at once', async ({ page }) => {
  const name = withScript() ? 'Nora' : 'Runa';
  await create(page, name);
  for (const schedule of ['0 18 * * *', '@daily']) {
    await page.goto('/schedules/new');
    await page.getByLabel('What', { exact: true }).selectOption({ label: 'Post the next approved picture' });
    await page.getByLabel('For whom').selectOption({ label: name });
    await page.getByLabel('When', { exact: true }).fill(schedule);
    await expect(page.getByLabel('What happens in the picture')).toBeHidden();
    await page.getByRole('button', { name: 'Save schedule' }).click();
    await expect(page.getByText('Schedule saved.')).toBeVisible();
  }
  await page.goto('/schedules');
  await expect(page.locator('#schedules li', { hasText: name })).toHaveCount(2);
  if (!withScript()) await page.getByLabel('Yes, all of them').check();
  await page.getByRole('button', { name: 'Run all now' }).click();
  if (withScript()) {
    const asked = page.getByRole('dialog');
    await expect(asked).toContainText('Run 2 schedules now?');
    await asked.getByRole('button', { name: 'Run all' }).click();
  }
  await expect(page.getByText('2 runs have begun.')).toBeVisible();
  await page.getByRole('link', { name: 'View', exact: true }).click();
  await expect(heading(page)).toHaveText('Runs');
  const skipped = page.locator('.run', { hasText: name }).filter({ hasText: 'Left out' });
  await arrives(page, skipped.nth(1));
  await skipped.first().locator('summary').click();
  await expect(skipped.first()).toContainText('There is no approved picture that was not posted to Instagram yet.');

  await page.goto('/schedules');
  await page.getByRole('button', { name: 'Pause all' }).click();
  await expect(page.getByText('Nothing is scheduled or posted until you resume.')).toBeVisible();
  await page.getByRole('button', { name: 'Resume all' }).click();
  await expect(page.getByText('Nothing is scheduled or posted until you resume.')).toBeHidden();
  for (let left = 2; left > 0; left--) {
    await page.goto('/schedules');
    await page.locator('#schedules li', { hasText: name }).first().getByRole('link').first().click();
    await page.getByRole('link', { name: 'Delete this schedule…' }).click();
    await page.getByRole('button', { name: 'Delete schedule' }).click();
    await expect(page.getByText('The schedule is deleted.')).toBeVisible();
  }
});
