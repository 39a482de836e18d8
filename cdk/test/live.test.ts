import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, MADE, type Properties, type Stack, synthesize, vod } from './synthesis.ts';

function live(settings: Record<string, unknown> = {}): Stack {
  const stack = synthesize({ ...MADE, ...settings })['Live'];
  assert.ok(stack);
  return stack;
}

const DRM = { url: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod/keys', live: true };
const FAIRPLAY = '94ce86fb-07ff-4f43-adb8-93d2fa968ca2';
const WIDEVINE = 'edef8ba9-79d6-4ace-a3c8-27dcd51d21ed';
const PLAYREADY = '9a04f079-9840-4286-ab92-e65be0885f95';

test('without channels to make, there is no stack Live', () => {
  assert.deepEqual(Object.keys(synthesize(EXISTING)).sort(), ['Firewall', 'Vod']);
  assert.deepEqual(Object.keys(synthesize(MADE)).sort(), ['Firewall', 'Live', 'Vod']);
});

test('the ladder has three renditions with aligned key frames', () => {
  const { EncoderSettings: settings, ChannelClass: kind } =
    live().one('MediaLive::Channel').Properties;
  assert.equal(kind, 'SINGLE_PIPELINE');
  assert.deepEqual(
    settings.VideoDescriptions.map((it: Properties) => it['Height']),
    [1080, 720, 360],
  );
  for (const { CodecSettings: codec } of settings.VideoDescriptions) {
    assert.deepEqual([codec.H264Settings.GopSize, codec.H264Settings.GopSizeUnits], [50, 'FRAMES']);
  }
  const outputs = settings.OutputGroups[0].Outputs as Properties[];
  assert.deepEqual(
    outputs.map((it) => it['VideoDescriptionName']),
    settings.VideoDescriptions.map((it: Properties) => it['Name']),
  );
  assert.ok(outputs.every((it) => it['AudioDescriptionNames'].length === 1));
  assert.equal(settings.TimecodeConfig.Source, 'SYSTEMCLOCK');
});

test('frame rate and pixel aspect are specified, and a segment is a whole number of frames', () => {
  const specify = (settings: Record<string, unknown>) => {
    const { VideoDescriptions: videos } =
      live(settings).one('MediaLive::Channel').Properties['EncoderSettings'];
    const rates = videos.map(({ CodecSettings: { H264Settings: h264 } }: Properties) => {
      assert.equal(h264['FramerateControl'], 'SPECIFIED');
      assert.equal(h264['ParControl'], 'SPECIFIED');
      assert.deepEqual([h264['ParNumerator'], h264['ParDenominator']], [1, 1]);
      return `${h264['FramerateNumerator']}/${h264['FramerateDenominator']} ${h264['GopSize']}`;
    });
    return [...new Set(rates)];
  };
  assert.deepEqual(specify({}), ['25/1 50']);
  assert.deepEqual(specify({ frameRate: 50, segmentSeconds: 1 }), ['50/1 50']);
  // 60 frames last 2.002 s.
  assert.deepEqual(specify({ frameRate: '30000/1001' }), ['30000/1001 60']);
  assert.deepEqual(specify({ frameRate: '60000/1001', segmentSeconds: 6 }), ['60000/1001 360']);
});

test('only the configured encoders can push', () => {
  const { WhitelistRules: rules } = live({ encoders: ['203.0.113.7/32', '198.51.100.0/24'] }).one(
    'MediaLive::InputSecurityGroup',
  ).Properties;
  assert.deepEqual(rules, [{ Cidr: '203.0.113.7/32' }, { Cidr: '198.51.100.0/24' }]);
});

test('a redundant channel takes two streams', () => {
  const stack = live({ redundant: true });
  assert.equal(stack.one('MediaLive::Channel').Properties['ChannelClass'], 'STANDARD');
  assert.deepEqual(stack.one('MediaLive::Input').Properties['Destinations'], [
    { StreamName: 'main/a' },
    { StreamName: 'main/b' },
  ]);
});

test('viewers and harvests use one unencrypted endpoint with CDN authorization', () => {
  const { Properties: endpoint } = live({ startoverSeconds: 3600 }).one(
    'MediaPackage::OriginEndpoint',
  );
  assert.equal(endpoint['Id'], 'matchcut-main');
  assert.equal(endpoint['Origination'], 'ALLOW');
  assert.equal(endpoint['StartoverWindowSeconds'], 3600);
  assert.ok(endpoint['Authorization'].CdnIdentifierSecret);
  assert.equal(endpoint['HlsPackage'].SegmentDurationSeconds, 2);
  assert.equal(endpoint['HlsPackage'].ProgramDateTimeIntervalSeconds, 2);
  assert.equal(endpoint['HlsPackage'].IncludeIframeOnlyStream, true);
  assert.equal(endpoint['HlsPackage'].Encryption, undefined);
});

test('with live encryption, harvests use a private, unencrypted endpoint', () => {
  const endpoints = new Map(
    live({ drm: DRM })
      .all('MediaPackage::OriginEndpoint')
      .map((it) => [it.Properties['Id'], it.Properties]),
  );
  const [watched, harvested] = [
    endpoints.get('matchcut-main'),
    endpoints.get('matchcut-main-clear'),
  ];
  assert.deepEqual(watched?.['HlsPackage'].Encryption.SpekeKeyProvider.SystemIds, [FAIRPLAY]);
  assert.equal(harvested?.['Origination'], 'DENY');
  assert.equal(harvested?.['HlsPackage'].Encryption, undefined);
  // Bounds are read from one endpoint, and harvested from the other.
  for (const field of ['SegmentDurationSeconds', 'ProgramDateTimeIntervalSeconds']) {
    assert.equal(harvested?.['HlsPackage'][field], watched?.['HlsPackage'][field]);
  }
  assert.equal(harvested?.['StartoverWindowSeconds'], watched?.['StartoverWindowSeconds']);
});

test('the functions get each channel and its URL for viewers', () => {
  const stack = vod({
    ...MADE,
    channels: [
      { id: 'main', competition: 'demo' },
      { id: 'pit', competition: 'race', precision: 'frame' },
    ],
    segmentSeconds: 4,
  });
  const channels = JSON.parse(
    stack
      .text(stack.function('create-clip').Properties['Environment'].Variables.CHANNELS)
      .replaceAll(/\{"Fn::Select".*?\]\}\]\}/g, 'v1/x/index.m3u8'),
  ) as Properties[];
  assert.deepEqual(
    channels.map((it) => [
      it['id'],
      it['competition'],
      it['originEndpointId'],
      it['segmentSeconds'],
      it['startoverSeconds'],
      it['precision'],
    ]),
    [
      ['main', 'demo', 'matchcut-main', 4, 86_400, undefined],
      ['pit', 'race', 'matchcut-pit', 4, 86_400, 'frame'],
    ],
  );
  assert.match(
    channels[1]?.['viewerManifest'],
    /^https:\/\/<DeliveryDistribution>\/live\/pit\/out\/v1\//,
  );
});

test('a channel of the stack Live has its id and its price of an hour, an existing one has not', () => {
  const describe = (settings: Record<string, unknown>) => {
    const stack = vod(settings);
    const text = stack.text(
      stack.function('list-channels').Properties['Environment'].Variables.CHANNELS,
    );
    return text.replaceAll(/\{"Fn::Select".*?\]\}\]\}/g, 'v1/x/index.m3u8');
  };
  const [made] = JSON.parse(describe(MADE)) as Properties[];
  assert.equal(made?.['mediaLiveChannelId'], '<import>');
  // 0.1404 + 2 × 0.4212 + 0.2124, and 3.64 GB of ingest at 0.03.
  assert.equal(made?.['hourlyUsd'], 1.3);
  const [redundant] = JSON.parse(describe({ ...MADE, redundant: true })) as Properties[];
  assert.equal(redundant?.['hourlyUsd'], 2.21);
  const [existing] = JSON.parse(describe(EXISTING)) as Properties[];
  assert.deepEqual(
    Object.keys(existing ?? {}).filter((key) => /^(mediaLive|hourly)/.test(key)),
    [],
  );
});

test('create-clip sends the same CDN identifier as CloudFront', () => {
  const identifier = (settings: object) => {
    const stack = vod(settings as Record<string, unknown>);
    const { Origins: origins } = stack.one('CloudFront::Distribution').Properties[
      'DistributionConfig'
    ];
    const headers = (origins as Properties[]).flatMap(
      (it) => (it['OriginCustomHeaders'] ?? []) as Properties[],
    );
    const sent = stack.function('create-clip').Properties['Environment'].Variables.CDN_IDENTIFIER;
    return [sent, headers.some((it) => JSON.stringify(it['HeaderValue']) === JSON.stringify(sent))];
  };
  const [sent, same] = identifier(MADE);
  assert.match(
    vod(MADE).text(sent),
    /^\{\{resolve:secretsmanager:<import>:SecretString:MediaPackageCDNIdentifier::\}\}$/,
  );
  assert.equal(same, true);
  const secret = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf';
  const [channel] = EXISTING.channels;
  const endpoint = { ...channel?.originEndpoint, cdnIdentifierSecretArn: secret };
  assert.deepEqual(
    identifier({ ...EXISTING, channels: [{ ...channel, originEndpoint: endpoint }] }),
    [`{{resolve:secretsmanager:${secret}:SecretString:MediaPackageCDNIdentifier::}}`, true],
  );
});

test('each function with the CDN identifier changes with its round, so that a new value reaches it', () => {
  const describe = (identifierRound: number) =>
    vod({ ...MADE, identifierRound })
      .all('Lambda::Function')
      .filter((it) => 'CDN_IDENTIFIER' in (it.Properties['Environment']?.Variables ?? {}))
      .map((it) => it.Properties['Description']);
  assert.ok(describe(1).length > 3);
  const next = describe(2);
  assert.deepEqual(
    describe(1).filter((description) => next.includes(description)),
    [],
  );
});

test('every format is encrypted for the DRM systems of its players', () => {
  const packages = vod({ ...EXISTING, drm: { ...DRM, live: false } }).all(
    'MediaPackage::PackagingConfiguration',
  );
  const configuration = (id: string) =>
    packages.find((it) => it.Properties['Id'] === id)?.Properties;
  const hls = configuration('matchcut-hls')?.['HlsPackage'].Encryption;
  assert.equal(hls.EncryptionMethod, 'SAMPLE_AES');
  assert.deepEqual(hls.SpekeKeyProvider.SystemIds, [FAIRPLAY]);
  assert.equal(
    hls.SpekeKeyProvider.EncryptionContractConfiguration,
    undefined,
    'SPEKE 2.0 does not support HLS',
  );
  const dash = configuration('matchcut-dash')?.['DashPackage'].Encryption;
  assert.deepEqual(dash.SpekeKeyProvider.SystemIds, [WIDEVINE, PLAYREADY]);
  assert.ok(dash.SpekeKeyProvider.EncryptionContractConfiguration, 'DASH uses SPEKE 2.0');
});

test('the packaging group is created from packaging-groups/', () => {
  const stack = vod();
  assert.equal(stack.one('MediaPackage::PackagingGroup').Properties['Id'], 'matchcut-default');
  const ids = stack.all('MediaPackage::PackagingConfiguration').map((it) => it.Properties['Id']);
  assert.deepEqual(ids.sort(), ['matchcut-dash', 'matchcut-hls']);
  const hls = stack
    .all('MediaPackage::PackagingConfiguration')
    .find((it) => it.Properties['Id'] === 'matchcut-hls');
  assert.equal(hls?.Properties['HlsPackage'].HlsManifests[0].ProgramDateTimeIntervalSeconds, 10);
  assert.equal(hls?.Properties['HlsPackage'].HlsManifests[0].IncludeIframeOnlyStream, true);
});
