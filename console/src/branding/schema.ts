/** Checks a JSON value by a JSON Schema, and keeps the valid part of the value. */

/** The keywords that branding.schema.json uses. A test fails if it uses another one. */
export interface Schema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

/** A part of the value that does not follow the schema. */
export interface Violation {
  /** Where it is, such as `colors.accent` or `tags[2]`; empty for the whole value. */
  readonly path: string;
  readonly reason: 'unknown' | 'invalid';
}

/** What is left of a value after everything invalid was removed, and what was removed. */
export interface Checked {
  readonly value: unknown;
  readonly violations: readonly Violation[];
}

/**
 * Removes unknown and invalid fields and items from a value.
 *
 * If the value itself is invalid, or lacks a required field, the result is `undefined`.
 */
export function checkBySchema(value: unknown, root: Schema): Checked {
  const violations: Violation[] = [];
  const invalid = (path: string) => {
    violations.push({ path, reason: 'invalid' });
    return undefined;
  };

  function check(found: unknown, path: string, reference: Schema): unknown {
    const schema = resolve(reference, root);
    if (schema.enum && !schema.enum.includes(found)) return invalid(path);
    if (schema.type === 'string' && !isValidText(found, schema)) return invalid(path);
    if (schema.type === 'object') return checkObject(found, path, schema);
    if (schema.type === 'array') return checkArray(found, path, schema);
    return found;
  }

  function checkObject(found: unknown, path: string, schema: Schema): unknown {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return invalid(path);
    const kept: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(found)) {
      const memberPath = path ? `${path}.${name}` : name;
      const known = schema.properties && Object.hasOwn(schema.properties, name);
      const memberSchema = known ? schema.properties?.[name] : undefined;
      if (!memberSchema) {
        violations.push({ path: memberPath, reason: 'unknown' });
        continue;
      }
      const valid = check(member, memberPath, memberSchema);
      if (valid !== undefined) kept[name] = valid;
    }
    for (const name of schema.required ?? []) {
      if (Object.hasOwn(kept, name)) continue;
      return Object.hasOwn(found, name) ? undefined : invalid(`${path}.${name}`);
    }
    return kept;
  }

  function checkArray(found: unknown, path: string, schema: Schema): unknown {
    if (!Array.isArray(found)) return invalid(path);
    if (found.length < (schema.minItems ?? 0)) return invalid(path);
    if (found.length > (schema.maxItems ?? Number.POSITIVE_INFINITY)) return invalid(path);
    const kept: unknown[] = [];
    for (const [at, item] of found.entries()) {
      const itemPath = `${path}[${at}]`;
      const valid = check(item, itemPath, schema.items ?? {});
      if (valid === undefined) continue;
      if (schema.uniqueItems && kept.includes(valid)) invalid(itemPath);
      else kept.push(valid);
    }
    return kept.length < (schema.minItems ?? 0) ? undefined : kept;
  }

  return { value: check(value, '', root), violations };
}

/** The defaults of an object's fields. */
export function readDefaults(reference: Schema, root: Schema): Record<string, unknown> {
  const schema = resolve(reference, root);
  const defaults: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const { default: value, type } = resolve(member, root);
    if (value !== undefined) defaults[name] = value;
    else if (type === 'object') defaults[name] = readDefaults(member, root);
  }
  return defaults;
}

/** Replaces a reference by what it names. Keywords beside the reference are kept. */
function resolve(schema: Schema, root: Schema): Schema {
  if (!schema.$ref) return schema;
  const named = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  if (!named) throw new Error(`the schema has no ${schema.$ref}`);
  const { $ref: _, ...beside } = schema;
  return { ...resolve(named, root), ...beside };
}

/** Lengths are in characters, as JSON Schema counts them. */
function isValidText(found: unknown, schema: Schema): boolean {
  if (typeof found !== 'string') return false;
  const length = [...found].length;
  return (
    length >= (schema.minLength ?? 0) &&
    length <= (schema.maxLength ?? Number.POSITIVE_INFINITY) &&
    new RegExp(schema.pattern ?? '', 'u').test(found)
  );
}
