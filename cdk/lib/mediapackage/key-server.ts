/** DRM: how MediaPackage encrypts with keys of a SPEKE key server. */

import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

import { allowWide } from '../permission/permission.ts';
import type { DrmSettings, DrmSystem } from '../settings/settings.ts';

/** The ids that DASH-IF has registered: https://dashif.org/identifiers/content_protection/ */
const SYSTEM_IDS: Record<DrmSystem, string> = {
  fairplay: '94ce86fb-07ff-4f43-adb8-93d2fa968ca2',
  widevine: 'edef8ba9-79d6-4ace-a3c8-27dcd51d21ed',
  playready: '9a04f079-9840-4286-ab92-e65be0885f95',
};

/** The DRM systems of each format's players. */
const FORMAT_SYSTEMS: Record<string, readonly DrmSystem[]> = {
  hlsPackage: ['fairplay'],
  cmafPackage: ['fairplay', 'widevine', 'playready'],
  dashPackage: ['widevine', 'playready'],
  mssPackage: ['playready'],
};

/** One key for all video and one for all audio of a clip. */
export const SPEKE_2 = {
  presetSpeke20Audio: 'PRESET-AUDIO-1',
  presetSpeke20Video: 'PRESET-VIDEO-1',
};

/** The SPEKE ids of the configured systems that play a format. */
export function listSystemIds(format: string, systems: readonly DrmSystem[]): string[] {
  const playable = FORMAT_SYSTEMS[format] ?? [];
  return systems.filter((system) => playable.includes(system)).map((system) => SYSTEM_IDS[system]);
}

/** The role with which MediaPackage calls the key server. */
export class KeyServer extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, drm: DrmSettings) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      description: 'Lets MediaPackage ask the key server for keys',
      assumedBy: new ServicePrincipal('mediapackage.amazonaws.com'),
    });
    const { hostname, pathname } = new URL(drm.url);
    const [api, , region] = hostname.split('.');
    const [stage, ...path] = pathname.slice(1).split('/');
    const method = ['POST', ...path].join('/');
    const permission = {
      actions: ['execute-api:Invoke'],
      resources: [`arn:aws:execute-api:${region}:*:${api}/${stage}/${method}`],
    };
    allowWide(this.role, {
      ...permission,
      because: 'The key server may be in another account. Its API is named.',
    });
  }
}
