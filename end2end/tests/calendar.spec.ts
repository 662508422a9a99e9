import { expect, heading, here, picture, test, withScript } from './dalla';
import type { Page } from '@playwright/test';

/** The Wednesday after next, so that the days around it are still to come and in the same week. */
function wednesday(days = 0): string {
  const day = new Date();
  day.setUTCDate(day.getUTCDate() + 7 + ((3 - day.getUTCDay() + 7) % 7) + days);
  return day.toISOString().slice(0, 10);
}

const month = () => `/calendar?view=month&at=${wednesday().slice(0, 7)}`;
const week = () => `/calendar?view=week&at=${wednesday()}`;
const on = (page: Page, day: string) => page.locator(`[data-day="${day}"]`);

/** Approves a new picture of Cortex and schedules it for six on Wednesday. Answers its words. */
async function schedule(page: Page, prompt: string, hour = '18:00'): Promise<void> {
  await picture(page, prompt, 'Cortex');
  await page.getByLabel('Caption', { exact: true }).fill(`Words about ${prompt}`);
  await page.getByRole('button', { name: 'Save words' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approved.')).toBeVisible();
  await page.goto(`/calendar/new?day=${wednesday()}`);
  await expect(page.getByLabel('When')).toHaveValue(`${wednesday()}T18:00`);
  await page.getByLabel('When').fill(`${wednesday()}T${hour}`);
  await page.getByLabel('Where').selectOption('x');
  await page.getByRole('radio', { name: prompt }).check();
  await page.getByRole('button', { name: 'Schedule' }).click();
  await expect(page.getByText(/^It goes out on Wednesday/)).toBeVisible();
}

test('a post is scheduled, moved and brought back', async ({ page }) => {
  const prompt = `a lamp ${withScript() ? 'with' : 'without'} script`;
  await schedule(page, prompt);
  await expect(heading(page)).toContainText(wednesday().slice(0, 4));
  await expect(on(page, wednesday()).locator('.event').filter({ hasText: '18:00' })).toHaveCount(1);

  await page.goto(month());
  const event = on(page, wednesday()).locator('.event').first();
  await expect(event).toHaveAttribute('title', /^18:00 Cortex on X: Scheduled\.$/);
  if (withScript()) {
    await expect(page.locator('html.js')).toBeAttached();
    await event.dragTo(on(page, wednesday(1)));
    await expect(page.getByText(/^Moved to Thursday/)).toBeVisible();
    await expect(on(page, wednesday(1)).locator('.event')).toHaveCount(1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('It is back where it was.')).toBeVisible();
    await expect(on(page, wednesday()).locator('.event')).toHaveCount(1);

    // By key, where the focus is; it stays on what was moved.
    await expect(page.locator('html.js')).toBeAttached();
    await on(page, wednesday()).locator('.event').press('Shift+ArrowRight');
    await expect(page.getByText(/^Moved to Thursday/)).toBeVisible();
    const moved = on(page, wednesday(1)).locator('.event');
    await expect(moved).toBeFocused();
    await page.keyboard.press('Shift+ArrowUp');
    await expect(moved).toContainText('17:00');
    await expect(moved).toBeFocused();
    // Dropped on a day that has passed, it stays, and the reason is said.
    await page.goto('/calendar?view=list');
    await page.goto(month());
    await page.locator('.event').first().focus();
    await page.keyboard.press('m');
    await expect(heading(page)).toHaveText('Another time');
  } else {
    await page.goto(week());
    await page.goto('/calendar?view=list');
    await page.getByRole('link', { name: `Move Words about ${prompt}` }).click();
  }
  await expect(heading(page)).toHaveText('Another time');
  await page.getByLabel('When').fill('2020-01-01T10:00');
  await page.getByRole('button', { name: 'Move' }).click();
  await expect(page.getByText('This time has passed.').first()).toBeVisible();
  await expect(page.getByLabel('When')).toHaveValue('2020-01-01T10:00');
  await page.getByLabel('When').fill(`${wednesday(2)}T09:30`);
  await page.getByRole('button', { name: 'Move' }).click();
  await expect(page.getByText(/^Moved to Friday/)).toBeVisible();
  await page.goto(week());
  await expect(on(page, wednesday(2)).locator('.event')).toContainText('09:30');
  await on(page, wednesday(2)).locator('.event').first().click();
  await page.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('Taken back. It will not go out.')).toBeVisible();
  await page.goto(week());
  await expect(on(page, wednesday(2)).locator('.event')).toHaveCount(0);
});

test('two posts that are too close are marked, with the reason', async ({ page }) => {
  await schedule(page, `a first one ${test.info().project.name}`, '10:00');
  await schedule(page, `a second one ${test.info().project.name}`, '10:10');
  await page.goto(week());
  await expect(on(page, wednesday()).locator('.conflict')).toContainText('10 min after another post on X');
  await page.goto(month());
  await expect(on(page, wednesday()).locator('.event.warn')).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 800 });
  await expect(on(page, wednesday()).locator('.event').first()).toBeVisible();
  await expect(on(page, wednesday(1))).toBeHidden();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
  await page.setViewportSize({ width: 1280, height: 800 });
  for (let left = 2; left > 0; left -= 1) {
    await page.goto(week());
    await on(page, wednesday()).locator('.event').first().click();
    await page.getByRole('button', { name: 'Take back' }).click();
  }
});

test('a week is planned, and approving a draft schedules it', async ({ page }) => {
  await page.goto('/calendar');
  await page.getByRole('link', { name: 'Plan this week' }).click();
  await page.getByLabel('Who').selectOption({ label: 'Cortex' });
  await page.getByLabel('When').selectOption({ index: 1 });
  await page.getByLabel('Drafts of each').fill('2');
  await page.getByLabel('Where').selectOption('x');
  if (!withScript()) await page.getByRole('button', { name: 'Show the times' }).click();
  // The script may have come after the first fields were chosen.
  await expect(async () => {
    if (withScript()) await page.getByLabel('Drafts of each').fill('2');
    await expect(page.locator('#plan-preview time')).toHaveCount(2, { timeout: 4_000 });
  }).toPass();
  await page.getByRole('button', { name: 'Make the drafts' }).click();
  await expect(page.getByText(/^2 drafts are being made\./)).toBeVisible();
  const address = here(page);
  const drafts = page.locator('.event.planned');
  await expect.poll(async () => { await page.goto(address); return drafts.count(); }, { timeout: 30_000 }).toBe(2);
  await expect(drafts.first()).toContainText('Proposed');
  await drafts.first().click();
  await expect(page.getByText(/^Proposed for .* on X\.$/)).toBeVisible();
  // The words come after the picture.
  await expect.poll(async () => { await page.reload(); return page.getByLabel('Caption for X').inputValue(); }, { timeout: 30_000 }).not.toBe('');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText(/^Approved\. It goes out on X on /)).toBeVisible();
  await page.goto(address);
  await expect(page.locator('.event.info')).toHaveCount(1);
  await expect(drafts).toHaveCount(1);
  await page.locator('.event.info').click();
  await page.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('Taken back. It will not go out.')).toBeVisible();
  await page.goto(address);
  await drafts.first().click();
  await page.getByRole('button', { name: 'Propose no time' }).click();
  await expect(page.getByText('No time is proposed for it any more.')).toBeVisible();
  await page.getByRole('button', { name: 'Back to draft' }).click();
});

test('the bell tells what waits, and is quiet when it was read', async ({ page }) => {
  await picture(page, `for the bell ${test.info().project.name}`, 'Cortex');
  await page.getByRole('button', { name: 'Send to review' }).click();
  await expect(page.getByText('It waits for review.')).toBeVisible();
  const bell = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Notifications, \d+ unread/ });
  if (withScript()) await expect(bell).toBeVisible();
  else await expect.poll(async () => { await page.reload(); return bell.count(); }).toBe(1);
  await bell.click();
  await expect(page.getByText(/pictures? waits? for your decision\./).first()).toBeVisible();
  await page.getByRole('button', { name: /^Look: .*for your decision/ }).first().click();
  await expect(heading(page)).toHaveText('Review');
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByText(/^Approved\./)).toBeVisible();
  await page.goto('/notifications');
  if (await page.getByRole('button', { name: 'Mark all read' }).isVisible()) await page.getByRole('button', { name: 'Mark all read' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Notifications', exact: true })).toBeVisible();
});
