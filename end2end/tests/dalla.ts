import { expect, test as base, type Page } from '@playwright/test';

/** Whether this run is with script. */
export const withScript = () => base.info().project.name === 'script';

/** Every page fails its test when the browser complains or anything is asked of another host. */
export const test = base.extend({
  page: async ({ page, baseURL }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && !message.text().includes('404') && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); void dialog.dismiss(); });
    page.on('request', (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && !request.url().startsWith(baseURL!)) complaints.push(`asked elsewhere: ${request.url()}`);
    });
    await use(page);
    expect(complaints).toEqual([]);
  },
});

export { expect };

/** Creates a character by the form and answers the address of her page. */
export async function create(page: Page, name: string): Promise<string> {
  await page.goto('/characters/new');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('How she looks').fill('portrait of a woman by a window');
  await page.getByRole('button', { name: 'Create character' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  return new URL(page.url()).pathname;
}

/** Asks for pictures in the Studio. */
export async function generate(page: Page, prompt: string, options: { who?: string; many?: number } = {}): Promise<void> {
  await page.goto('/studio');
  await page.getByLabel('Character', { exact: true }).last().selectOption({ label: options.who ?? 'Cortex' });
  await page.getByLabel('What happens in the picture').fill(prompt);
  if (options.many) await page.locator(`input[name="form[batch]"][value="${options.many}"]`).check({ force: true });
  await page.getByRole('button', { name: /^Generate/ }).click();
  await page.waitForURL(/job=/);
}

/** Waits for the finished picture: it appears by itself with script, on reload without. */
export async function finished(page: Page): Promise<void> {
  const done = page.getByRole('link', { name: 'How it was made' });
  if (withScript()) return expect(done).toBeVisible({ timeout: 30_000 });
  await expect(async () => {
    await page.reload();
    await expect(done).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
}
