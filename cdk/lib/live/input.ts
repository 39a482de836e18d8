/** The MediaLive input of a channel: an address for the encoder, or a source that MediaLive reads. */

import { Stack } from 'aws-cdk-lib';
import { type CfnPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  type CfnChannel,
  CfnInput,
  type CfnInputProps,
  type CfnInputSecurityGroup,
} from 'aws-cdk-lib/aws-medialive';
import type { Construct } from 'constructs';

import { allow, allowWide } from '../permission/permission.ts';
import { type InputSettings, isPushed } from '../settings/input.ts';

/**
 * MediaLive reads HLS as a live stream if this is 3 to 10, and starts so many segments before its end.
 * https://docs.aws.amazon.com/medialive/latest/ug/inputs-live-vs-file.html
 */
const BUFFER_SEGMENTS = 3;

export interface InputProps {
  /** The name on AWS. */
  readonly name: string;
  readonly settings: InputSettings;
  /** The names of the streams of an RTMP input, one for each pipeline. */
  readonly streamNames: readonly string[];
  /** The addresses that may push. Set if any input of the stack is pushed. */
  readonly encoders: CfnInputSecurityGroup | undefined;
}

export function createInput(scope: Construct, props: InputProps): CfnInput {
  const { name, settings, encoders } = props;
  const isPush = isPushed(settings);
  const role = settings.type === 'MEDIACONNECT' ? createFlowRole(scope) : undefined;
  const input = new CfnInput(scope, 'Input', {
    name,
    type: settings.type,
    ...(isPush && encoders !== undefined ? { inputSecurityGroups: [encoders.ref] } : {}),
    ...createSource(props),
    ...(role === undefined ? {} : { roleArn: role.roleArn }),
  });
  if (isPush) {
    // cfn-lint mistakes MediaLive's security groups for EC2's, whose ids have another form.
    input.cfnOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['E1041'] } } };
  }
  // MediaLive uses the role when the input is created and deleted.
  if (role !== undefined) input.node.addDependency(role);
  return input;
}

function createSource({ settings, streamNames }: InputProps): Partial<CfnInputProps> {
  const { type, sources = [] } = settings;
  switch (type) {
    case 'RTMP_PUSH':
      return { destinations: streamNames.map((streamName) => ({ streamName })) };
    case 'RTP_PUSH':
      return {};
    case 'SRT_LISTENER':
      return { srtSettings: { srtListenerSettings: createConnection(settings) } };
    case 'SRT_CALLER':
      return {
        srtSettings: { srtCallerSources: sources.map((it) => createCaller(it, settings)) },
      };
    case 'MEDIACONNECT':
      return { mediaConnectFlows: sources.map((flowArn) => ({ flowArn })) };
    case 'URL_PULL':
    case 'MP4_FILE':
      return { sources: sources.map((url) => ({ url })) };
  }
}

function createCaller(
  source: string,
  settings: InputSettings,
): CfnInput.SrtCallerSourceRequestProperty {
  const [srtListenerAddress = '', srtListenerPort = ''] = source.split(':');
  return { srtListenerAddress, srtListenerPort, ...createConnection(settings) };
}

function createConnection({
  minimumLatency,
  streamId,
  algorithm,
  passphraseSecretArn,
}: InputSettings): CfnInput.SrtListenerSettingsRequestProperty {
  return {
    minimumLatency,
    streamId,
    ...(passphraseSecretArn === undefined
      ? {}
      : { decryption: { algorithm, passphraseSecretArn } }),
  };
}

/** What a channel does with the input. */
export function createInputSettings({ type }: InputSettings): CfnChannel.InputSettingsProperty {
  // A stream that ends leaves its last frame. A file starts again, so that the channel stays on air.
  const end = { sourceEndBehavior: type === 'MP4_FILE' ? 'LOOP' : 'CONTINUE' };
  if (type !== 'MP4_FILE' && type !== 'URL_PULL') return end;
  return {
    ...end,
    networkInputSettings: {
      serverValidation: 'CHECK_CRYPTOGRAPHY_AND_VALIDATE_NAME',
      ...(type === 'URL_PULL' ? { hlsInputSettings: { bufferSegments: BUFFER_SEGMENTS } } : {}),
    },
  };
}

/**
 * Lets a channel's role read its input: the SRT passphrase, and files in S3.
 * https://docs.aws.amazon.com/medialive/latest/ug/trusted-entity-requirements.html
 */
export function allowInput(
  role: Role,
  { sources = [], passphraseSecretArn: secret }: InputSettings,
): void {
  if (secret !== undefined)
    allow(role, { actions: ['secretsmanager:GetSecretValue'], resources: [secret] });
  const files = sources.filter((url) => url.startsWith('s3ssl://'));
  for (const object of files.map((url) => url.slice('s3ssl://'.length))) {
    const arn = `arn:${Stack.of(role).partition}:s3:::${object}`;
    allow(role, { actions: ['s3:GetObject'], resources: [arn] });
    // S3 answers 404 only to callers that may list the bucket.
    const [bucket = ''] = object.split('/');
    allow(role, { actions: ['s3:ListBucket'], resources: [arn.replace(object, bucket)] });
  }
}

/**
 * The role with which MediaLive adds its output to MediaConnect flows, and removes it.
 *
 * AWS does not document whether MediaLive sends a source account, so the role does not require one.
 */
function createFlowRole(scope: Construct): Role {
  const role = new Role(scope, 'FlowRole', {
    description: 'Lets MediaLive receive from MediaConnect flows',
    assumedBy: new ServicePrincipal('medialive.amazonaws.com'),
  });
  allowWide(role, {
    actions: [
      'mediaconnect:ManagedDescribeFlow',
      'mediaconnect:ManagedAddOutput',
      'mediaconnect:ManagedRemoveOutput',
    ],
    resources: ['*'],
    because: 'MediaConnect refuses these actions if a policy names the flow.',
  });
  // cfn-lint does not know these actions. MediaLive's guide names them: trusted-entity-requirements.html.
  const policy = role.node.findChild('DefaultPolicy').node.defaultChild as CfnPolicy;
  policy.addMetadata('cfn-lint', { config: { ignore_checks: ['W3037'] } });
  return role;
}
