/**
 * Adapts the stack Vod for the deployment tests, which use an emulator of AWS. The emulator has no
 * Elemental services, so our stand-in takes their place.
 *
 * The stack is synthesized as for AWS. Then the resources that the emulator lacks are replaced in the
 * template. No construct contains code for the emulator, and test/emulator.test.ts proves that nothing
 * else differs. docs/deploy-proof.md lists what the tests cannot prove because of this.
 */

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  CliCredentialsStackSynthesizer,
  type FileAssetSource,
  type ISynthesisSession,
} from 'aws-cdk-lib';
import type { Node } from 'constructs';

/** Replacements for the missing resources: a JSON file, given as `-c emulator=file`. */
export interface Emulator {
  /** The values of `Ref` and of the attributes of missing resources, by type. */
  readonly resources: Record<string, Record<string, string>>;
  /** The stand-in's event source for each AWS source. PutEvents refuses sources of AWS. */
  readonly eventSources: Record<string, string>;
  /** Added to the environment of every function: the endpoints of the stand-in. */
  readonly environment: Record<string, string>;
  /** The real address of an origin, `http://<host>:<port>`, by its host in the settings. */
  readonly origins: Record<string, string>;
  /** The emulator's address of API Gateway. Its CloudFront accepts no origin on a host of AWS. */
  readonly gateway: string;
}

/** The CloudFormation types that the emulator, MiniStack 1.5.33, does not support. */
export const MISSING_TYPES = [
  /^AWS::(MediaPackage|MediaLive|MediaConvert|Budgets)::/,
  /^AWS::CloudFront::(PublicKey|KeyGroup)$/,
  // It has no composite alarms, and no alarms on metric math.
  /^AWS::CloudWatch::(Alarm|CompositeAlarm)$/,
  /^AWS::Cognito::ManagedLoginBranding$/,
  /^AWS::Events::(ApiDestination|Connection)$/,
];

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Properties = { [key: string]: Json };

export interface Template {
  Resources: Record<
    string,
    { Type: string; Properties?: Properties; DependsOn?: string[] | string }
  >;
  [section: string]: unknown;
}

/** Removes the missing resources from a template, and replaces the references to them. */
export function emulate(template: Template, emulator: Emulator): Template {
  const missing = new Map(
    Object.entries(template.Resources)
      .filter(([, { Type: type }]) => MISSING_TYPES.some((pattern) => pattern.test(type)))
      .map(([id, { Type: type }]) => [id, type]),
  );
  const { Resources: resources, ...rest } = template;
  const kept = Object.entries(resources).filter(([id]) => !missing.has(id));
  const replaced = kept.map(([id, resource]) => {
    const { DependsOn: dependsOn, ...body } = resource;
    const others = [dependsOn ?? []].flat().filter((it) => !missing.has(it));
    const values = substitute(
      body as unknown as Json,
      missing,
      emulator,
    ) as unknown as typeof resource;
    adaptResource(values, emulator);
    return [id, others.length === 0 ? values : { ...values, DependsOn: others }];
  });
  return {
    ...(substitute(rest as unknown as Json, missing, emulator) as Record<string, unknown>),
    Resources: Object.fromEntries(replaced) as Template['Resources'],
  };
}

/** Replaces references to missing resources, and the hosts of origins. */
function substitute(value: Json, missing: ReadonlyMap<string, string>, emulator: Emulator): Json {
  if (typeof value === 'string') {
    return Object.entries(emulator.origins).reduce(
      (text, [host, url]) => text.replaceAll(`https://${host}/`, `${url}/`),
      value,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => substitute(item, missing, emulator));
  const [[key, inner] = []] = Object.entries(value);
  if (key === 'Ref' || key === 'Fn::GetAtt') {
    const [id, attribute] = key === 'Ref' ? [inner, 'Ref'] : (inner as Json[]);
    const type = missing.get(String(id));
    if (type === undefined) return value;
    const standIn = emulator.resources[type]?.[String(attribute)];
    if (standIn === undefined)
      throw new Error(`The emulator's file has no resources["${type}"]["${String(attribute)}"].`);
    return standIn;
  }
  const entries = Object.entries(value).map(([name, it]) => [
    name,
    substitute(it, missing, emulator),
  ]);
  return evaluateSelect(Object.fromEntries(entries) as Properties);
}

/** Evaluates `Fn::Select` of a `Fn::Split` whose text is known, such as the host of a URL. */
function evaluateSelect(value: Properties): Json {
  const [at, list] = (value['Fn::Select'] ?? []) as [Json, Properties];
  const [separator, text] = (list?.['Fn::Split'] ?? []) as Json[];
  if (typeof text !== 'string' || typeof separator !== 'string') return value;
  return text.split(separator)[Number(at)] ?? value;
}

/** Makes the other changes that a resource of its type needs. */
function adaptResource(
  { Type: type, Properties: properties = {} }: { Type: string; Properties?: Properties },
  emulator: Emulator,
): void {
  if (type === 'AWS::Lambda::Function') {
    const { Variables: variables = {} } = (properties['Environment'] ?? {}) as {
      Variables?: Properties;
    };
    properties['Environment'] = { Variables: { ...variables, ...emulator.environment } };
  }
  if (type === 'AWS::Events::Rule') {
    const pattern = properties['EventPattern'] as { source?: string[] } | undefined;
    if (pattern?.source !== undefined) {
      pattern.source = pattern.source.map((source) => emulator.eventSources[source] ?? source);
    }
  }
  if (type === 'AWS::CloudFront::Distribution') {
    const { Origins: origins = [] } = properties['DistributionConfig'] as {
      Origins?: Properties[];
    };
    for (const origin of origins) moveOrigin(origin, emulator);
  }
}

/** Points an origin to its real address: the stand-in and the emulator listen on their own ports. */
function moveOrigin(origin: Properties, emulator: Emulator): void {
  const domain = origin['DomainName'];
  if (typeof domain === 'string') {
    const url = new URL(emulator.origins[domain] ?? `http://${domain}`);
    if (url.port === '') return;
    origin['DomainName'] = url.hostname;
    origin['CustomOriginConfig'] = {
      HTTPPort: Number(url.port),
      OriginProtocolPolicy: 'http-only',
    };
    return;
  }
  const [, [api, host] = []] = ((domain as Properties | undefined)?.['Fn::Join'] ?? []) as [
    string?,
    Json[]?,
  ];
  if (!String(host).startsWith('.execute-api.') || api === undefined) return;
  const url = new URL(emulator.gateway);
  origin['DomainName'] = url.hostname;
  origin['OriginPath'] = { 'Fn::Join': ['', ['/_aws/execute-api/', api, '/$default']] };
  origin['CustomOriginConfig'] = {
    HTTPSPort: Number(url.port),
    OriginProtocolPolicy: 'https-only',
  };
}

/** Uploads with the credentials of the command line, and adapts the template for the emulator. */
export class EmulatorSynthesizer extends CliCredentialsStackSynthesizer {
  constructor(private readonly emulator: Emulator) {
    super();
  }

  /** The synthesizer for the context's `emulator` file, if it has one. */
  static fromContext(node: Node): EmulatorSynthesizer | undefined {
    const file: unknown = node.tryGetContext('emulator');
    return file === undefined
      ? undefined
      : new EmulatorSynthesizer(JSON.parse(readFileSync(String(file), 'utf8')) as Emulator);
  }

  protected override synthesizeTemplate(session: ISynthesisSession): FileAssetSource {
    const source = super.synthesizeTemplate(session);
    const path = join(session.outdir, this.boundStack.templateFile);
    const template = emulate(JSON.parse(readFileSync(path, 'utf8')) as Template, this.emulator);
    const text = JSON.stringify(template, null, 1);
    writeFileSync(path, text);
    // Named after its content. Otherwise, a deployment would use the template of the previous one.
    return { ...source, sourceHash: createHash('sha256').update(text).digest('hex') };
  }
}
