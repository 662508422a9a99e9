import { expect, test as base, type Locator, type Page } from '@playwright/test';

/** Whether this run is with script. */
export const withScript = () => base.info().project.use.javaScriptEnabled !== false;

/** Every page fails its test when the browser complains, a dialog opens or anything is asked of another host. */
export const test = base.extend({
  page: async ({ page, baseURL }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      // A test that opens a page that is gone gets its 404; anything else that is missing is a fault.
      const gone = message.text().includes('404') && message.location().url === page.url();
      if (message.type() === 'error' && !gone) complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); void dialog.dismiss(); });
    page.on('request', (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && !request.url().startsWith(`${baseURL}/`)) complaints.push(`asked elsewhere: ${request.url()}`);
    });
    await use(page);
    expect(complaints).toEqual([]);
  },
});

export { expect };

/** The pages that are there from the start. */
export const places = [
  '/', '/characters', '/characters/new', '/characters/import', '/studio', '/prompts', '/prompts/new', '/prompts/templates', '/review', '/content',
  '/calendar', '/calendar?view=week', '/calendar?view=list', '/calendar/plan', '/calendar/new', '/posts', '/schedules', '/schedules/new', '/schedules/runs',
  '/datasets', '/datasets/new', '/training', '/training/new', '/models', '/notifications', '/activity', '/system', '/system/diagnostics', '/logs', '/find', '/settings', '/settings/access', '/settings/backups',
];

/** The pages of one character. */
export const tabs = (path: string) => [path, `${path}/voice`, `${path}/look`, `${path}/story`, `${path}/accounts`, `${path}/schedule`, `${path}/activity`];

/** The address of this page without its host. */
export const here = (page: Page) => page.url().slice(new URL(page.url()).origin.length);

/** The page's only heading of the first level. */
export const heading = (page: Page): Locator => page.getByRole('heading', { level: 1 });

/** Creates a character by the form and answers the address of her page. */
export async function create(page: Page, name: string): Promise<string> {
  await page.goto('/characters/new');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel(/^Look/).fill('portrait of a woman by a window');
  await page.getByRole('button', { name: 'Create character' }).click();
  await expect(heading(page)).toHaveText(name);
  return new URL(page.url()).pathname;
}

/** Asks for pictures in the Studio: in few steps, unless they are to be watched. */
export async function generate(page: Page, prompt: string, options: { who?: string; many?: number; steps?: string } = {}): Promise<void> {
  await page.goto('/studio');
  await page.getByRole('main').getByLabel('Character', { exact: true }).selectOption({ label: options.who ?? 'Cortex' });
  await page.getByLabel('What happens in the picture').fill(prompt);
  if (options.many) await page.locator(`input[name="form[batch]"][value="${options.many}"]`).check({ force: true });
  const steps = options.steps ?? '4';
  if (steps) {
    await page.getByText('Advanced').click();
    await page.getByLabel('Steps').fill(steps);
  }
  await page.getByRole('button', { name: /^Generate/ }).click();
  await page.waitForURL(/job=/);
}

/** Waits for the finished picture: it appears by itself with script, on reload without. */
export async function finished(page: Page): Promise<void> {
  const done = page.getByRole('link', { name: 'How it was made' });
  if (withScript()) return expect(done).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return done.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

/** Makes one picture and answers the address of its page, which is open then. */
export async function picture(page: Page, prompt: string, who?: string): Promise<string> {
  await generate(page, prompt, { who });
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await page.waitForURL(/\/content\//);
  return new URL(page.url()).pathname;
}

/** Whether a picture on the page has been loaded and can be seen. */
export const isDrawn = (image: Locator) => image.evaluate((node) => (node as HTMLImageElement).complete && (node as HTMLImageElement).naturalWidth > 0);
