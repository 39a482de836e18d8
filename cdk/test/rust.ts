/** Which environment variables a function reads, told by its source. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = `${import.meta.dirname}/../../functions/src`;

/** What a constructor, or a function that one calls, reads of its `Variables`. */
interface Reading {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** What is read only if a variable is there, by that one. */
  readonly ifThere: readonly (readonly [string, Reading])[];
  /** Further constructors it calls: `Type::function`, or `function` of the same file. */
  readonly calls: readonly string[];
}

const READINGS = readings();

/** The variables of a binary that is given some, by following the constructors its `main` calls. */
export function variablesRead(
  bin: string,
  given: readonly string[],
): { required: Set<string>; known: Set<string> } {
  const required = new Set<string>();
  const known = new Set<string>();
  const seen = new Set<string>();
  const follow = ({ calls, ...reading }: Reading): void => {
    for (const name of reading.required) required.add(name);
    for (const name of [...reading.required, ...reading.optional]) known.add(name);
    for (const [another, more] of reading.ifThere) if (given.includes(another)) follow(more);
    for (const call of calls.filter((it) => !seen.has(it))) {
      seen.add(call);
      const next = READINGS.get(call);
      if (next !== undefined) follow(next);
    }
  };
  follow(readingOf(readFileSync(`${SOURCES}/bin/${bin}.rs`, 'utf8'), ''));
  return { required, known };
}

function readings(): Map<string, Reading> {
  const found = new Map<string, Reading>();
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((it) =>
    it.endsWith('.rs'),
  )) {
    const source =
      readFileSync(join(SOURCES, file), 'utf8').split('#[cfg(test)]\nmod tests')[0] ?? '';
    for (const [, type = '', body = ''] of source.matchAll(
      /^impl (?:\w+ for )?(\w+)[^{]*\{\n(.*?)^\}/gms,
    )) {
      for (const [, name, inner = ''] of body.matchAll(
        /^ {4}(?:pub(?:\([a-z]+\))? )?(?:async )?fn (\w+)(.*?)^ {4}\}/gms,
      )) {
        if (inner.includes('variables: &Variables'))
          found.set(`${type}::${name}`, readingOf(inner, type));
      }
    }
    for (const [, name = '', inner = ''] of source.matchAll(
      /^(?:pub )?fn (\w+)(\(variables: &Variables\).*?)^\}/gms,
    )) {
      found.set(name, readingOf(inner, ''));
    }
  }
  return found;
}

function readingOf(source: string, self: string): Reading {
  const [, named = ''] = /let name = "([A-Z_]+)"/.exec(source) ?? [];
  const names = (text: string, methods: string) =>
    [
      ...text.matchAll(
        new RegExp(`\\.(?:${methods})(?:::<[^>]*>)?\\((?:"([A-Z_]+)"|name)\\)`, 'g'),
      ),
    ].map(([, it]) => it ?? named);
  // `match variables.get("A") { None => None, Some(…) => … }`: the rest is read only if A is there.
  const conditional = [
    ...source.matchAll(/match variables\.get\("([A-Z_]+)"\) \{(.*?)^ {8}\};/gms),
  ];
  const always = conditional.reduce((text, [block]) => text.replace(block, ''), source);
  const calls = [
    ...always.matchAll(
      /(?:(\w+)::)?(\w+)\((?:&?sdk, )?&?(?:variables|Variables::from_process\(\))\)/g,
    ),
  ];
  return {
    required: names(always, 'required|parsed'),
    optional: [...names(always, 'optional'), ...conditional.map(([, another = '']) => another)],
    ifThere: conditional.map(
      ([, another = '', block = '']) => [another, readingOf(block, self)] as const,
    ),
    calls: calls.map(([, type, name]) =>
      type === undefined ? `${name}` : `${type === 'Self' ? self : type}::${name}`,
    ),
  };
}
