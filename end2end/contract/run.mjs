// Holds the document of the API against the server: thousands of requests made from it, good and bad, to a server in
// the sandbox. Whatever the document does not know is a failure, and so is a server that breaks. Then a front end in
// TypeScript is compiled against the document.
//
// Takes SECONDS (75 unless said) and whatever the first start has to install; another SEED makes other requests.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const work = join(root, 'target/contract');
const seconds = process.env.SECONDS ?? '75';
mkdirSync(work, { recursive: true });

function tool() {
  const venv = join(work, 'venv');
  const tool = join(venv, 'bin/schemathesis');
  const wanted = join(here, 'requirements.txt');
  const pip = () => spawnSync(join(venv, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', wanted], { stdio: 'inherit' }).status;
  if (existsSync(tool) && pip() === 0) return tool;
  rmSync(venv, { recursive: true, force: true });
  if (spawnSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' }).status !== 0 || pip() !== 0) {
    throw new Error('schemathesis cannot be installed: is there python3 with venv?');
  }
  return tool;
}

/** The binary as a newcomer starts it, in a data folder of its own. */
async function start() {
  const data = mkdtempSync(join(tmpdir(), 'dalla-contract-'));
  const server = spawn(process.env.DALLA_BIN ?? join(root, 'target/debug/digital-dalla'), ['--sandbox'], {
    env: { ...process.env, DALLA_LISTEN: '127.0.0.1:0', DALLA_DATA_DIR: join(data, 'data'), DALLA_LOG: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const base = await new Promise((found, failed) => {
    let said = '';
    server.stdout.on('data', (piece) => { const ready = (said += piece).match(/ready: (\S+)/); if (ready) found(ready[1]); });
    server.on('exit', () => failed(new Error(`the server ended: ${said}`)));
  });
  server.removeAllListeners('exit');
  return { server, base, data };
}

const json = { 'content-type': 'application/json' };

async function call(base, method, path, body) {
  const answer = await fetch(base + path, { method, headers: { ...json, prefer: 'respond-async' }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** One of everything, so that requests find what they are about. Answers parameters by path. */
async function furnish(base) {
  const [luna, cortex] = await call(base, 'GET', '/api/characters');
  const job = await call(base, 'POST', '/api/generate-image', { characterId: luna.id, prompt: 'a lake', steps: 1, width: 64, height: 64 });
  let state = job;
  while (!['done', 'failed'].includes(state.status)) {
    await new Promise((soon) => setTimeout(soon, 100));
    state = await call(base, 'GET', `/api/jobs/${job.id}`);
  }
  const [content] = await call(base, 'GET', '/api/content');
  await call(base, 'POST', `/api/content/${content.id}/approve`);
  const prompt = await call(base, 'POST', '/api/prompts', { characterId: luna.id, prompt: 'by the sea' });
  const dataset = await call(base, 'POST', '/api/lora/datasets', { characterId: luna.id, name: 'Contract', triggerWord: 'luna' });
  await call(base, 'POST', `/api/lora/datasets/${dataset.id}/contents`, { contentIds: [content.id] });
  const task = await call(base, 'POST', '/api/scheduler/tasks', { characterId: luna.id, name: 'Daily', type: 'generate_only', schedule: '0 9 * * *' });
  const dayAhead = new Date(Date.now() + 86_400_000).toISOString();
  await call(base, 'POST', '/api/post-to-instagram', { characterId: luna.id, contentId: content.id, scheduledAt: dayAhead });
  const [post] = await call(base, 'GET', '/api/posts');
  const [image] = (await call(base, 'GET', `/api/lora/datasets/${dataset.id}`)).images;
  return {
    // Not hers whose keys other requests change: the first that fits counts.
    '/api/characters/\\{id\\}/accounts/': { id: cortex.id },
    '/api/characters/': { id: luna.id },
    '/api/jobs/': { id: job.id },
    '/api/content/': { id: content.id },
    '/api/prompts/': { id: prompt.id },
    '/api/lora/datasets/': { id: dataset.id, name: image.name },
    '/api/scheduler/tasks/': { id: task.id },
    '/api/posts/': { id: post.id },
  };
}

/** What is not asked, and why; and which things requests are about. */
function settings(about) {
  const text = (value) => JSON.stringify(value);
  const lines = [
    '[generation]',
    '# Nobody has to log in here; what happens to those who have to is tested elsewhere, with every route.',
    'with-security-parameters = false',
    '',
    '[[operations]]',
    '# A stream that never ends.',
    'include-path = "/api/events"',
    'enabled = false',
  ];
  for (const [prefix, values] of Object.entries(about)) {
    // What is deleted is not what the others are about.
    lines.push('', '[[operations]]', `include-path-regex = ${text(`^${prefix}\\{`)}`, 'exclude-method = "DELETE"');
    lines.push(`parameters = { ${Object.entries(values).map(([name, value]) => `"path.${name}" = ${text(value)}`).join(', ')} }`);
  }
  return `${lines.join('\n')}\n`;
}

const schemathesis = tool();
const { server, base, data } = await start();
let failed = false;
try {
  const document = join(work, 'openapi.json');
  writeFileSync(document, await (await fetch(`${base}/api/openapi.json`)).text());
  const config = join(work, 'schemathesis.toml');
  writeFileSync(config, settings(await furnish(base)));
  const checks = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,allow_header_conformance';
  const run = spawnSync(schemathesis, [
    '--config-file', config, 'run', `${base}/api/openapi.json`, '--phases', 'coverage,fuzzing', '--checks', checks, '--max-time', seconds,
    // A picture is not waited for: only that it was asked for counts here.
    '--header', 'Prefer: respond-async', '--request-timeout', '20', '--seed', process.env.SEED ?? '1', '--continue-on-failure', '--no-shrink',
    '--suppress-health-check', 'all', '--warnings', 'off',
  ], { stdio: 'inherit', cwd: work });
  failed = run.status !== 0;

  // What has a default may be left out of what is sent.
  execFileSync('npx', ['openapi-typescript', document, '--default-non-nullable', 'false', '-o', join(here, 'client/api.d.ts')], { cwd: join(root, 'end2end'), stdio: 'inherit' });
  execFileSync('npx', ['tsc', '-p', join(here, 'client')], { cwd: join(root, 'end2end'), stdio: 'inherit' });
  console.log('A front end in TypeScript compiles against the document.');
} finally {
  const ended = new Promise((done) => server.on('exit', done));
  server.kill('SIGINT');
  await ended;
  rmSync(data, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
