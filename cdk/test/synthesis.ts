/** Synthesizes the stacks for a test, and finds resources in their templates. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Contract, readContract } from '../lib/api/contract.ts';
import { createApp } from '../lib/app.ts';
import type { Template } from '../lib/emulator/emulator.ts';

export const CONTRACT = readContract(`${import.meta.dirname}/../../functions/openapi.yaml`);

export type Properties = Record<string, any>;

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Properties;
  readonly [field: string]: unknown;
}

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';

/** An existing endpoint. */
export const ENDPOINT = {
  id: 'main-hls',
  manifest: 'https://abc.mediapackage.eu-central-1.amazonaws.com/out/v1/0123abc/index.m3u8',
};

/** The minimal settings with the stack Live. */
export const MADE = {
  region: REGION,
  account: ACCOUNT,
  functions: 'none',
  encoders: ['203.0.113.7/32'],
};
/** The minimal settings without the stack Live. */
export const EXISTING = {
  region: REGION,
  account: ACCOUNT,
  functions: 'none',
  channels: [{ id: 'main', competition: 'demo', originEndpoint: ENDPOINT }],
};
export const PRIVATE = {
  viewerAccess: 'private',
  playbackKeySecretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:key-AbCdEf',
  playbackPublicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
  domain: 'clips.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
  cookieDomain: 'example.com',
  allowedOrigins: ['https://app.example.com'],
};

/** A subscriber. */
export const WEBHOOK = {
  name: 'newsroom',
  url: 'https://news.example.com/hooks/clips',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:hook-AbCdEf',
};

export class Stack {
  constructor(
    readonly template: Template,
    /** The folder of the template and of the files that it names. */
    readonly folder = '',
  ) {}

  /** Lists the resources of a type, without the `AWS::` at its start. */
  all(type: string): Resource[] {
    return Object.entries(this.template.Resources)
      .filter(([, resource]) => resource.Type === `AWS::${type}`)
      .map(([id, resource]) => ({ ...resource, id, Properties: resource.Properties ?? {} }));
  }

  one(type: string): Resource {
    const found = this.all(type);
    if (found.length !== 1 || found[0] === undefined)
      throw new Error(`There are ${found.length} resources of type ${type}.`);
    return found[0];
  }

  /** Finds a function by the name of its binary. */
  function(bin: string): Resource {
    const found = this.all('Lambda::Function').find(
      (it) => it.Properties['FunctionName'] === `matchcut-${bin}`,
    );
    if (found === undefined) throw new Error(`Function ${bin} was not found.`);
    return found;
  }

  /** Finds the resource of a `Ref` or `Fn::GetAtt`. */
  at(reference: any): Resource {
    const id = String(reference?.Ref ?? reference?.['Fn::GetAtt']?.[0]);
    const found = this.template.Resources[id];
    if (found === undefined)
      throw new Error(`No resource was found for ${JSON.stringify(reference)}.`);
    return { ...found, id, Properties: found.Properties ?? {} };
  }

  /** Whether an alarm notifies: by itself, or as a part of another alarm. */
  notifies({ id, Properties: alarm }: Resource): boolean {
    const above = this.all('CloudWatch::CompositeAlarm').filter((it) =>
      JSON.stringify(it.Properties['AlarmRule']).includes(`"${id}"`),
    );
    return [alarm, ...above.map((it) => it.Properties)].some(
      (it) => (it['AlarmActions'] ?? []).length > 0,
    );
  }

  /** Finds the event source mapping of a function. */
  source(bin: string): Properties {
    const found = this.all('Lambda::EventSourceMapping').find(
      (it) => it.Properties['FunctionName'].Ref === this.function(bin).id,
    );
    if (found === undefined) throw new Error(`Function ${bin} has no event source.`);
    return found.Properties;
  }

  /** Lists the names of all binaries. */
  bins(): string[] {
    return this.all('Lambda::Function')
      .map((it) => String(it.Properties['FunctionName']).replace('matchcut-', ''))
      .sort();
  }

  /** Lists the statements of all policies of a role. */
  roleStatements(roleId: string): Properties[string][] {
    const role = this.all('IAM::Role').find((it) => it.id === roleId);
    const own: Properties[] = role?.Properties['Policies'] ?? [];
    const attached = this.all('IAM::Policy')
      .filter((policy) =>
        policy.Properties['Roles'].some((role: Properties) => role['Ref'] === roleId),
      )
      .map((policy) => policy.Properties);
    return [...own, ...attached].flatMap((policy) => policy['PolicyDocument'].Statement);
  }

  /** Lists the permissions of a role: `<action> <resource>`. */
  roleGrants(roleId: string): string[] {
    return this.roleStatements(roleId)
      .flatMap((statement) =>
        [statement['Action']]
          .flat()
          .flatMap((action: string) =>
            [statement['Resource']]
              .flat()
              .map((resource: unknown) => `${action} ${this.text(resource)}`),
          ),
      )
      .sort();
  }

  /** Lists the permissions of a function. */
  listGrants(bin: string): string[] {
    return this.roleGrants(this.function(bin).Properties['Role']['Fn::GetAtt'][0]);
  }

  /** Formats a value as text, with references as `<logical id>` without CDK's hash. */
  text(value: any): string {
    if (typeof value !== 'object' || value === null) return String(value);
    if ('Ref' in value) return `<${this.named(value.Ref)}>`;
    if ('Fn::GetAtt' in value) return `<${this.named(value['Fn::GetAtt'][0])}>`;
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'];
      return parts.map((part: unknown) => this.text(part)).join(separator);
    }
    if ('Fn::ImportValue' in value) return '<import>';
    return JSON.stringify(value);
  }

  private named(id: string): string {
    const resource = this.template.Resources[id];
    if (resource === undefined) return id;
    return id.replace(/[0-9A-F]{8}$/, '');
  }
}

/** Writes a folder with the project's packaging group and a second one with the same formats. */
export function writeTwoGroups(): string {
  const folder = mkdtempSync(join(tmpdir(), 'matchcut-groups-'));
  made.push(folder);
  const text = readFileSync(`${import.meta.dirname}/../../packaging-groups/default.json`, 'utf8');
  writeFileSync(join(folder, 'default.json'), text);
  const { packagingConfigurations, ...group } = JSON.parse(text);
  const second = packagingConfigurations.map((it: { id: string }) => ({ ...it, id: `${it.id}-2` }));
  writeFileSync(
    join(folder, 'another.json'),
    JSON.stringify({ ...group, id: 'second', packagingConfigurations: second }),
  );
  return folder;
}

const made: string[] = [];
const done = new Map<string, Record<string, Stack>>();
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** Synthesizes the stacks for settings, by name. */
export function synthesize(
  settings: Record<string, unknown>,
  contract: Contract = CONTRACT,
): Record<string, Stack> {
  const key = JSON.stringify([settings, contract.operations.map(({ id }) => id)]);
  const known = done.get(key);
  if (known !== undefined) return known;
  const outdir = mkdtempSync(join(tmpdir(), 'matchcut-cdk-'));
  made.push(outdir);
  const assembly = createApp(
    { outdir, context: settings, analyticsReporting: false },
    contract,
  ).synth();
  const stacks = Object.fromEntries(
    assembly.stacks.map((stack) => [
      stack.displayName.split(' ')[0] ?? '',
      new Stack(stack.template as Template, assembly.directory),
    ]),
  );
  done.set(key, stacks);
  return stacks;
}

/** Synthesizes the stack Vod for settings. */
export function vod(settings: Record<string, unknown> = EXISTING, contract?: Contract): Stack {
  const stack = synthesize(settings, contract)['Vod'];
  if (stack === undefined) throw new Error('The stack Vod was not synthesized.');
  return stack;
}
