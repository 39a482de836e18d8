/** Finds the environment variables of a function in its Rust source. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = `${import.meta.dirname}/../../functions/src`;

/** The variables that a constructor reads, and the constructors that it calls. */
interface Reading {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The variables that are read only if another variable is set. */
  readonly conditional: readonly (readonly [string, Reading])[];
  /** The constructors that it calls: `Type::function`, or `function` in the same file. */
  readonly calls: readonly string[];
}

const READINGS = parseSources();

/** What each function runs: the arms of `main`, by the name of the function. */
const ARMS = new Map(
  [
    ...readFileSync(`${SOURCES}/main.rs`, 'utf8').matchAll(
      /^ {8}"([a-z-]+)" => (\{.*?^ {8}\}|.*?,\n)/gms,
    ),
  ].map(([, name = '', arm = '']) => [name, arm]),
);

/** Lists the functions that can be deployed. */
export function listFunctions(): string[] {
  return [...ARMS.keys()].sort();
}

/** Finds the variables of a function, given the ones that are set. Follows the constructors from `main`. */
export function findVariables(
  bin: string,
  given: readonly string[],
): { required: Set<string>; known: Set<string> } {
  const required = new Set<string>();
  const known = new Set<string>();
  const seen = new Set<string>();
  const follow = ({ calls, ...reading }: Reading): void => {
    for (const name of reading.required) required.add(name);
    for (const name of [...reading.required, ...reading.optional]) known.add(name);
    for (const [another, more] of reading.conditional) if (given.includes(another)) follow(more);
    for (const call of calls.filter((it) => !seen.has(it))) {
      seen.add(call);
      const next = READINGS.get(call);
      if (next !== undefined) follow(next);
    }
  };
  const arm = ARMS.get(bin);
  if (arm === undefined) throw new Error(`${SOURCES}/main.rs has no function ${bin}.`);
  follow(parseReading(arm, ''));
  return { required, known };
}

function parseSources(): Map<string, Reading> {
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
          found.set(`${type}::${name}`, parseReading(inner, type));
      }
    }
    for (const [, name = '', inner = ''] of source.matchAll(
      /^(?:pub )?fn (\w+)(\(variables: &Variables\).*?)^\}/gms,
    )) {
      found.set(name, parseReading(inner, ''));
    }
  }
  return found;
}

function parseReading(source: string, self: string): Reading {
  const [, named = ''] = /let name = "([A-Z_]+)"/.exec(source) ?? [];
  const names = (text: string, methods: string) =>
    [
      ...text.matchAll(
        new RegExp(`\\.(?:${methods})(?:::<[^>]*>)?\\((?:"([A-Z_]+)"|name)\\)`, 'g'),
      ),
    ].map(([, it]) => it ?? named);
  // `match variables.get("A") { None => None, Some(…) => … }`: the rest is read only if A is set.
  const conditional = [
    ...source.matchAll(/match variables\.get\("([A-Z_]+)"\) \{(.*?)^ {8}\};/gms),
  ];
  const always = conditional.reduce((text, [block]) => text.replace(block, ''), source);
  const calls = [
    ...always.matchAll(
      /(?:(\w+)::)?(\w+)\((?:&?sdk, )?&?(?:variables|Variables::from_process\(\))\)/g,
    ),
  ];
  // `serve::<CreateClip>()` and `run_handler::<Sweep>()` call `new` of the type, and `serve` calls
  // `OriginCheck::new`.
  const handlers = [...source.matchAll(/\b(?:serve|run_handler)::<(\w+)>\(\)/g)];
  return {
    required: names(always, 'required|parsed'),
    optional: [...names(always, 'optional'), ...conditional.map(([, another = '']) => another)],
    conditional: conditional.map(
      ([, another = '', block = '']) => [another, parseReading(block, self)] as const,
    ),
    calls: [
      ...calls.map(([, type, name]) =>
        type === undefined ? `${name}` : `${type === 'Self' ? self : type}::${name}`,
      ),
      ...handlers.map(([, type]) => `${type}::new`),
      ...(source.includes('serve::<') ? ['OriginCheck::new'] : []),
    ],
  };
}
