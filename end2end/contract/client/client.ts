// A small front end, as somebody would write it who has nothing but the document. It is compiled and never run: a field
// that the document lost, renamed or gave another type makes it fail.

import createClient from 'openapi-fetch';
import type { components, paths } from './api';

type Character = components['schemas']['CharacterView'];
type Problem = components['schemas']['Problem'];

const api = createClient<paths>({ baseUrl: 'http://127.0.0.1:3000' });

function say(problem: Problem): string {
  const fields = problem.errors?.map((error) => `${error.field}: ${error.message}`) ?? [];
  return [problem.detail, ...fields].join('\n');
}

export async function characters(): Promise<Character[]> {
  const { data, error } = await api.GET('/api/characters', { params: { query: {} } });
  if (error) throw new Error(say(error));
  return data;
}

export async function draw(character: Character, prompt: string): Promise<string> {
  const { data, error } = await api.POST('/api/generate-image', { body: { characterId: character.id, prompt }, headers: { prefer: 'respond-async' } });
  if (error) throw new Error(say(error));
  return JSON.stringify(data);
}

export async function follow(id: string): Promise<boolean> {
  const { data, error } = await api.GET('/api/jobs/{id}', { params: { path: { id } } });
  if (error) throw new Error(say(error));
  return data.status === 'done';
}

export async function rename(character: Character, name: string): Promise<Character> {
  const { data, error } = await api.PATCH('/api/characters/{id}', { params: { path: { id: character.id } }, body: { name } });
  if (error) throw new Error(say(error));
  return data;
}

export async function lastErrors(): Promise<string[]> {
  const { data, error } = await api.GET('/api/system/logs', { params: { query: { level: 'error', limit: 20 } } });
  if (error) throw new Error(say(error));
  return data.lines.map((line) => `${line.at} ${line.words}`);
}

export async function isWell(): Promise<boolean> {
  const { data } = await api.GET('/api/system/status', { params: { query: { detail: true } } });
  return Array.isArray(data) && data.every((check) => check.state !== 'bad');
}
