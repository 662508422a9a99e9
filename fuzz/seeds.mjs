// Writes what the recorded trainers said as the first inputs of the fuzz target `trainer_log`.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const recordings = new URL('../tests/fixtures/kohya/', import.meta.url);
const corpus = new URL('corpus/trainer_log/', import.meta.url);
mkdirSync(corpus, { recursive: true });
for (const name of readdirSync(recordings).filter((name) => name.endsWith('.json'))) {
  const { events } = JSON.parse(readFileSync(new URL(name, recordings), 'utf8'));
  const said = events.filter((event) => event.stream !== 'mark').map((event) => event.text).join('');
  writeFileSync(new URL(`recorded-${name.slice(0, -5)}`, corpus), said);
}
