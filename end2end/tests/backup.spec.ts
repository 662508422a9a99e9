import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expect, heading, test, withScript } from './dalla';

/** Waits for something a worker brings: by itself with script, on reload without. */
async function arrives(page: Page, there: Locator) {
  if (withScript()) return expect(there).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return there.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

test('a backup is made, kept, downloaded, verified and deleted', async ({ page }) => {
  await page.goto('/settings');
  await page.getByRole('link', { name: 'Backups', exact: true }).click();
  await expect(heading(page)).toHaveText('Backups');
  const rows = page.locator('#backups .list > li');
  const before = await rows.count();
  await page.getByLabel('What', { exact: true }).selectOption({ label: 'Records only' });
  await page.getByLabel('Keep it until I delete it').check();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await expect(page.getByText('The backup is being made.')).toBeVisible();
  await arrives(page, rows.nth(before));
  const row = rows.first();
  await expect(row.locator('.pill')).toHaveText('Verified');
  await expect(row.locator('.tag')).toHaveText('Kept');
  await expect(row).toContainText('records only');
  const name = await row.locator('b').first().innerText();
  expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{8}\.zip$/);

  const arriving = page.waitForEvent('download');
  await row.getByRole('link', { name: `Download ${name}` }).click();
  const file = await arriving;
  expect(file.suggestedFilename()).toBe(name);
  expect(readFileSync(await file.path()).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');

  await row.getByRole('button', { name: `Verify ${name}` }).click();
  await expect(page.getByText('Everything in it is as it was written.')).toBeVisible();
  await page.locator('#backups .list > li', { hasText: name }).getByRole('button', { name: `Let it go ${name}` }).click();
  await expect(page.getByText('It goes when newer ones need its place.')).toBeVisible();
  await page.locator('#backups .list > li', { hasText: name }).getByRole('link', { name: `Delete ${name}` }).click();
  await expect(heading(page)).toHaveText('Delete this backup?');
  await page.getByRole('button', { name: 'Delete backup' }).click();
  await expect(page.getByText('The backup is deleted.')).toBeVisible();
  await expect(page.locator('#backups .list > li', { hasText: name })).toHaveCount(0);
});

test('how many stay is checked and kept', async ({ page }) => {
  await page.goto('/settings/backups');
  await page.getByLabel('Newest backups that stay').fill('none');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.locator('.field.wrong')).toContainText('Choose 1 to 365 backups.');
  await expect(page.getByLabel('Newest backups that stay')).toHaveValue('none');
  await page.getByLabel('Newest backups that stay').fill('5');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('It counts from the next backup on.')).toBeVisible();
  await expect(page.getByLabel('Newest backups that stay')).toHaveValue('5');
});

test('a schedule makes one each night', async ({ page }) => {
  await page.goto('/settings/backups');
  await page.getByRole('link', { name: 'Make one each night' }).click();
  await expect(heading(page)).toHaveText('New schedule');
  await expect(page.getByLabel('What', { exact: true })).toHaveValue('backup');
  await expect(page.getByLabel('When', { exact: true })).toHaveValue('30 4 * * *');
  await expect(page.getByLabel('How much')).toHaveValue('pictures');
  // A backup is nobody's, and nothing is drawn or posted.
  await expect(page.getByLabel('For whom')).toBeHidden();
  await expect(page.getByText('Where it is posted')).toBeHidden();
  await expect(page.getByLabel('What happens in the picture')).toBeHidden();
  await page.getByLabel('How much').selectOption({ label: 'Records only' });
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.getByText('Schedule saved.')).toBeVisible();
  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page.getByText('It runs.')).toBeVisible();
  const run = page.locator('#runs .run').first();
  await arrives(page, run.locator('.pill', { hasText: 'Done' }).first());
  await expect(run).toContainText('was read again.');

  await page.goto('/settings/backups');
  await expect(page.locator('#backups .list > li').first()).toContainText('by a schedule');
  await page.goto('/schedules');
  await page.locator('#schedules li', { hasText: 'Make a backup' }).first().getByRole('link').first().click();
  await page.getByRole('link', { name: 'Delete this schedule…' }).click();
  await page.getByRole('button', { name: 'Delete schedule' }).click();
  await expect(page.getByText('The schedule is deleted.')).toBeVisible();
});
