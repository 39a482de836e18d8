/**
 * The one place that knows of the proof run: the stack Vod deployed to an emulator of AWS that has
 * no Elemental services, with our stand-in in their place.
 *
 * The stack is synthesized as for AWS; then exactly what the emulator lacks is replaced in the
 * template. No construct knows, and test/emulator.test.ts proves that nothing else differs.
 * docs/deploy-proof.md tells what the run leaves unproven because of it.
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

/** What stands in for what is lacking: a JSON file, given as `-c emulator=file`. */
export interface Emulator {
  /** What `Ref` and each attribute of a lacking resource give, by its type. */
  readonly resources: Record<string, Record<string, string>>;
  /** Sources of events, by the one they stand in for; PutEvents refuses sources of AWS's own. */
  readonly eventSources: Record<string, string>;
  /** Variables that every function is given: where its SDK finds the stand-in. */
  readonly environment: Record<string, string>;
  /** Where an origin really is, `http://<host>:<port>`, by the host the settings have. */
  readonly origins: Record<string, string>;
  /** Where the emulator answers for API Gateway: its CloudFront takes no origin on a host of AWS's. */
  readonly gateway: string;
}

/** Types of CloudFormation that the emulator, MiniStack 1.5.33, does not know. */
export const LACKING = [
  /^AWS::(MediaPackage|MediaLive|MediaConvert|Budgets)::/,
  /^AWS::CloudFront::(PublicKey|KeyGroup)$/,
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

/** The same template, without what the emulator lacks. */
export function emulate(template: Template, emulator: Emulator): Template {
  const lacking = new Map(
    Object.entries(template.Resources)
      .filter(([, { Type: type }]) => LACKING.some((pattern) => pattern.test(type)))
      .map(([id, { Type: type }]) => [id, type]),
  );
  const { Resources: resources, ...rest } = template;
  const kept = Object.entries(resources).filter(([id]) => !lacking.has(id));
  const replaced = kept.map(([id, resource]) => {
    const { DependsOn: dependsOn, ...body } = resource;
    const others = [dependsOn ?? []].flat().filter((it) => !lacking.has(it));
    const values = substitute(
      body as unknown as Json,
      lacking,
      emulator,
    ) as unknown as typeof resource;
    adapt(values, emulator);
    return [id, others.length === 0 ? values : { ...values, DependsOn: others }];
  });
  return {
    ...(substitute(rest as unknown as Json, lacking, emulator) as Record<string, unknown>),
    Resources: Object.fromEntries(replaced) as Template['Resources'],
  };
}

/** References to lacking resources become what stands in for them, and so do hosts of origins. */
function substitute(value: Json, lacking: ReadonlyMap<string, string>, emulator: Emulator): Json {
  if (typeof value === 'string') {
    return Object.entries(emulator.origins).reduce(
      (text, [host, url]) => text.replaceAll(`https://${host}/`, `${url}/`),
      value,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => substitute(item, lacking, emulator));
  const [[key, inner] = []] = Object.entries(value);
  if (key === 'Ref' || key === 'Fn::GetAtt') {
    const [id, attribute] = key === 'Ref' ? [inner, 'Ref'] : (inner as Json[]);
    const type = lacking.get(String(id));
    if (type === undefined) return value;
    const standIn = emulator.resources[type]?.[String(attribute)];
    if (standIn === undefined)
      throw new Error(`The emulator's file has no resources["${type}"]["${String(attribute)}"].`);
    return standIn;
  }
  const entries = Object.entries(value).map(([name, it]) => [
    name,
    substitute(it, lacking, emulator),
  ]);
  return selected(Object.fromEntries(entries) as Properties);
}

/** A part of a text that is known by now, such as the host of a URL. */
function selected(value: Properties): Json {
  const [at, list] = (value['Fn::Select'] ?? []) as [Json, Properties];
  const [separator, text] = (list?.['Fn::Split'] ?? []) as Json[];
  if (typeof text !== 'string' || typeof separator !== 'string') return value;
  return text.split(separator)[Number(at)] ?? value;
}

/** What a resource of that type needs besides. */
function adapt(
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

/** Where an origin really is: the stand-in and the emulator listen on ports of their own. */
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

/** Uploads with the credentials of the command line, and replaces what the emulator lacks. */
export class EmulatorSynthesizer extends CliCredentialsStackSynthesizer {
  constructor(private readonly emulator: Emulator) {
    super();
  }

  /** The synthesizer that the context asks for, if it does. */
  static asked(node: Node): EmulatorSynthesizer | undefined {
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
    // Named after its content, or a deployment would take the one uploaded before.
    return { ...source, sourceHash: createHash('sha256').update(text).digest('hex') };
  }
}
